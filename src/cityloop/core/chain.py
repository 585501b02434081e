"""The arithmetic of the tamper-evident history: canonical words, commitments, links. Storing them is done above.

An event's hash covers the hash before it in its stream, so an altered byte breaks every later link.
Personal words never enter an event: it holds a salted commitment, and the words may be erased by law
while the chain stays valid.
"""

import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

EMPTY = bytes(32)  # the hash before the first event of a stream
_SPELLING = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def canonical(value: Mapping[str, Any] | list[Any]) -> bytes:
    """Return the one JSON spelling of a value: sorted keys, no spaces, UTF-8, whole numbers only.

    A float has more than one spelling and raises ValueError; coordinates travel as decimal text.
    """
    _refuse_floats(value)
    return _SPELLING.encode(value).encode()


def moment(at: datetime) -> str:
    """Return the one spelling of a moment: UTC with microseconds."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def link(
    before: bytes, stream: str, seq: int, name: str, actor: str, at: datetime, payload: Mapping[str, Any]
) -> bytes:
    """Return the SHA-256 of an event that follows the event hashed `before` in its stream."""
    entry = canonical([stream, seq, name, actor, moment(at), payload])
    return hashlib.sha256(before + entry).digest()


def commitment(salt: bytes, words: bytes) -> str:
    """Return what an event holds in place of personal words; without salt and words it tells nothing."""
    return hmac.new(salt, words, hashlib.sha256).hexdigest()


def seal(key: bytes, content: bytes) -> str:
    """Return the keyed digest of a checkpoint (HMAC-SHA-256, hexadecimal)."""
    return hmac.new(key, content, hashlib.sha256).hexdigest()


def _refuse_floats(value: Mapping[str, Any] | list[Any] | tuple[Any, ...]) -> None:
    for member in value.values() if isinstance(value, Mapping) else value:
        if type(member) is str:  # most are; this is asked for every event
            continue
        if isinstance(member, float):
            raise ValueError(f"a float has no single spelling: {member!r}")
        if isinstance(member, Mapping | list | tuple):
            _refuse_floats(member)
