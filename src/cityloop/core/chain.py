"""The arithmetic of the tamper-evident history: canonical JSON, commitments, links. Nothing is stored here.

An event's hash covers the hash before it in its stream, so an altered byte breaks every later link.
Personal words never enter an event: it contains a salted commitment, so that the words may be erased by law
while the chain stays valid.
"""

import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

EMPTY = bytes(32)  # the hash before the first event of a stream
_CONTAINERS = (dict, list, tuple)  # what JSON is made of; the encoder refuses others
_CANONICAL = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def canonical(value: Mapping[str, Any] | list[Any]) -> bytes:
    """Return the canonical JSON of a value: sorted keys, no spaces, UTF-8, whole numbers only.

    A float has more than one representation and raises ValueError; coordinates are passed as decimal text.
    """
    _refuse_floats(value)
    return _CANONICAL.encode(value).encode()


def moment(at: datetime) -> str:
    """Return the canonical text of a moment: UTC with microseconds."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def link(
    before: bytes, stream: str, seq: int, name: str, actor: str, at: datetime, payload: Mapping[str, Any]
) -> bytes:
    """Return the SHA-256 of an event that follows the event hashed `before` in its stream."""
    entry = canonical([stream, seq, name, actor, moment(at), payload])
    return hashlib.sha256(before + entry).digest()


def commitment(salt: bytes, words: bytes) -> str:
    """Return what an event contains in place of personal words; without salt and words it reveals nothing."""
    return hmac.digest(salt, words, "sha256").hex()


def seal(key: bytes, content: bytes) -> str:
    """Return the keyed digest of a checkpoint (HMAC-SHA-256, hexadecimal)."""
    return hmac.digest(key, content, "sha256").hex()


def _refuse_floats(value: Mapping[str, Any] | list[Any] | tuple[Any, ...]) -> None:
    for member in value.values() if isinstance(value, dict) else value:
        if type(member) is str or member is None:  # most are; this runs for every event
            continue
        if isinstance(member, float):
            raise ValueError(f"a float has no canonical form: {member!r}")
        if isinstance(member, _CONTAINERS):
            _refuse_floats(member)
