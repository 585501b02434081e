"""That a home's keys and a database belong together: a wrong HOME beside a right address is refused, not served."""

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
    """Note the fingerprint of the keys in a new database's log; refuse a home whose keys are not those noted."""
    known = (
        Event.objects.filter(stream=STREAM, name="KeysNoted").order_by("-seq").values_list("payload", flat=True).first()
    )
    fingerprint = _fingerprint(home)
    if known is None:
        events.record(STREAM, "KeysNoted", events.SYSTEM, now, {"fingerprint": fingerprint})
    elif known["fingerprint"] != fingerprint:
        told = f"The keys in {home} are not those of the city in this database. Use the home it was made with."
        raise NotPossible("keys-of-another-city", told)


def _fingerprint(home: Path) -> str:
    digest = hashlib.sha256(b"cityloop keys" + key(home, "personal") + key(home, "checkpoints"))
    return digest.hexdigest()[:LENGTH]
