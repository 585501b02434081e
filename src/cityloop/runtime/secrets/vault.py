"""Encrypts at rest what identifies a reporter: AES-256-GCM. The caller decides who may see it."""

import os
from base64 import b64decode, b64encode
from functools import lru_cache
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

from cityloop.runtime.secrets.keys import key

NONCE = 12  # bytes, new for every text


class UnreadableSecret(ValueError):
    """The text was altered, or encrypted with another key."""


def lock(text: str) -> str:
    """Return the text encrypted with the city's key for personal data."""
    nonce = os.urandom(NONCE)
    return b64encode(nonce + _cipher(settings.CITYLOOP.home_folder).encrypt(nonce, text.encode(), None)).decode()


def unlock(body: str) -> str:
    """Return the decrypted text; raise UnreadableSecret where a byte was altered or the key is another."""
    try:
        sealed = b64decode(body, validate=True)
        return _cipher(settings.CITYLOOP.home_folder).decrypt(sealed[:NONCE], sealed[NONCE:], None).decode()
    except (InvalidTag, ValueError) as error:
        raise UnreadableSecret("this was altered, or encrypted with another key") from error


@lru_cache(maxsize=4)
def _cipher(home: Path) -> AESGCM:
    return AESGCM(key(home, "personal"))
