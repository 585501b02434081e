"""Masks personal data for readers who need not know it."""


def masked_name(name: str) -> str:
    """Return the family name and asterisks: 张** for 张三丰; a name of one character becomes one asterisk."""
    return name[:1] + "*" * (len(name) - 1) if len(name) > 1 else "*"


def masked_phone(phone: str) -> str:
    """Return the first three and last four digits: 138****1234; a number under 9 digits is all asterisks."""
    return f"{phone[:3]}****{phone[-4:]}" if len(phone) >= 9 else "*" * len(phone)
