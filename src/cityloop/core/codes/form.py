"""What the code of an area, a unit or a facility may be: it stands in web addresses, and in lists divided by blanks."""

from cityloop.core.invalid_values import InvalidValue

LONGEST = 64
RESERVED = frozenset("/\\?#%")


def checked(code: str) -> str:
    """Return the code; InvalidValue if it is too long or has a character that no code may have."""
    if not 0 < len(code) <= LONGEST:
        raise InvalidValue("id-length", {"count": len(code), "most": LONGEST})
    invalid = [
        character
        for character in dict.fromkeys(code)
        if character in RESERVED or not character.isprintable() or character.isspace()
    ]
    if invalid or not code.strip("."):
        raise InvalidValue("id-character", {"characters": " ".join(map(_shown, invalid or code[:1]))})
    return code


def _shown(character: str) -> str:
    return character if character.isprintable() and not character.isspace() else f"U+{ord(character):04X}"
