"""What the registry finds wrong: areas, units, facilities, catalogues, packs."""

CITY: dict[str, str] = {
    # Units, duties, accounts, history
    "unknown-role": "%(value)s is not a role of the city.",
    "unknown-person": "%(value)s is not a person with an account.",
    "listed-for-department": (
        "This is on the list of powers and duties of %(unit)s, so it cannot be given to a community."
    ),
    "shift-too-long": "A shift is at most %(most)s days long.",
    "unknown-reference": "Its %(field)s %(value)s is not known.",
    "password-too-short": "A password has at least %(min_length)s characters.",
    "password-too-common": "This password is too common.",
    "password-entirely-numeric": "A password must not consist of digits only.",
}
