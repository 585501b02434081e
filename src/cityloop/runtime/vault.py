"""Encryption at rest of what identifies a reporter. Who may see it is decided above."""

from base64 import urlsafe_b64encode
from functools import lru_cache
from pathlib import Path

from cryptography.fernet import Fernet
from django.conf import settings

from cityloop.runtime.keys import key


def lock(words: str) -> str:
    """Return the words encrypted with the city's key for personal data."""
    return _fernet(settings.CITYLOOP.home_folder).encrypt(words.encode()).decode()


def unlock(body: str) -> str:
    """Return the words again; raises InvalidToken when a byte was altered or the key is another."""
    return _fernet(settings.CITYLOOP.home_folder).decrypt(body.encode()).decode()


@lru_cache(maxsize=4)
def _fernet(home: Path) -> Fernet:
    return Fernet(urlsafe_b64encode(key(home, "personal")))
