"""How personal data is shown to those who need not know it."""


def masked_name(name: str) -> str:
    """Return the family name and stars: 张** for 张三丰; a name of one character is all stars."""
    return name[:1] + "*" * (len(name) - 1) if len(name) > 1 else "*"


def masked_phone(phone: str) -> str:
    """Return the first three and last four digits: 138****1234; a short number is all stars."""
    return f"{phone[:3]}****{phone[-4:]}" if len(phone) >= 9 else "*" * len(phone)
