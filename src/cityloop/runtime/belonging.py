"""Checks that the keys of a home belong to the database: a wrong home is refused before it is served."""

import hashlib
from datetime import datetime
from pathlib import Path

from cityloop.core.errors import NotPossible
from cityloop.runtime.log import events
from cityloop.runtime.models import Event
from cityloop.runtime.secrets.keys import key

STREAM = "city"
LENGTH = 32  # hexadecimal digits of the fingerprint


def check_keys(home: Path, now: datetime) -> None:
    """Record the fingerprint of the keys in the log of a new database; refuse a home whose keys have another one."""
    known = (
        Event.objects.filter(stream=STREAM, name="KeysNoted").order_by("-seq").values_list("payload", flat=True).first()
    )
    fingerprint = _fingerprint(home)
    if known is None:
        events.record(STREAM, "KeysNoted", events.SYSTEM, now, {"fingerprint": fingerprint})
    elif known["fingerprint"] != fingerprint:
        raise NotPossible("keys-of-another-city", {"home": home})


def _fingerprint(home: Path) -> str:
    digest = hashlib.sha256(b"cityloop keys" + key(home, "personal") + key(home, "checkpoints"))
    return digest.hexdigest()[:LENGTH]
