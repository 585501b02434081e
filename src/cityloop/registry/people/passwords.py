"""The rule that Django does not have: a password neither holds nor resembles the names of its person."""

import unicodedata

from django.contrib.auth.password_validation import UserAttributeSimilarityValidator
from django.core.exceptions import ValidationError

from cityloop.registry.models import Account

SHORTEST = 3  # characters of a name in Latin letters that count when a password holds it; any in Chinese
LEFT = 5  # letters and digits that a password needs beside names, however short these are


def plain(password: str) -> str:
    """Return a password as the rules look at it: plain characters for full-width ones, no blanks, nothing invisible."""
    characters = unicodedata.normalize("NFKC", password)
    return "".join(each for each in characters if not each.isspace() and unicodedata.category(each) != "Cf")


class NotTheName(UserAttributeSimilarityValidator):
    """Refuses a password that holds or resembles the username or the name, or has little beside a short one."""

    def __init__(self) -> None:
        super().__init__(user_attributes=("username", "name"))

    def validate(self, password: str, user: Account | None = None) -> None:
        """Raise ValidationError with the code that Django has for it."""
        names = [name.casefold() for name in (user.username, user.name)] if user else []
        held = [name for name in names if name and name in password.casefold()]
        left = password.casefold()
        for name in held:
            left = left.replace(name, "")
        if any(map(_counts, held)) or (held and sum(map(str.isalnum, left)) < LEFT):
            raise ValidationError("", code="password_too_similar")
        super().validate(password, user)


def _counts(name: str) -> bool:
    return len(name) >= SHORTEST or (len(name) > 1 and not name.isascii())
