"""The revision of the city's data: a number that rises with every change of what processes keep in memory."""

import time

from django.db import transaction
from django.db.models import F

from cityloop.registry.models import Revision

FRESH = 2.0  # seconds for which a revision that was read is used without reading it again

_last: tuple[float, int] | None = None  # when it was read, and the number


def number() -> int:
    """Return the revision, at most FRESH seconds old; 0 where nothing was ever written."""
    global _last  # noqa: PLW0603  # one city a process
    now = time.monotonic()
    if _last is None or now - _last[0] >= FRESH:
        _last = now, Revision.objects.values_list("number", flat=True).first() or 0
    return _last[1]


def ask_again() -> None:
    """Read the number from the database when it is needed next."""
    global _last  # noqa: PLW0603
    _last = None


def raise_revision() -> None:
    """Make every process read the city again; this one as soon as the transaction is committed."""
    Revision.objects.get_or_create(pk=1)
    Revision.objects.filter(pk=1).update(number=F("number") + 1)
    transaction.on_commit(ask_again)
