"""Photos as evidence of actions: stored, recorded with an event, shown to whoever may see the case, erased by law.

A photo is stored before the transaction of its action and recorded within it. A photo that no case uses, or whose last
use was erased, is removed; a lock on its digest prevents removing and recording it at the same time.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from django.db import connection, transaction

from cityloop.casework import models
from cityloop.casework.history import projection
from cityloop.casework.rules.scope import may_see
from cityloop.core.actors import Actor
from cityloop.core.errors import Fault, Invalid, NotFound
from cityloop.registry.city.current import current_city
from cityloop.runtime.files import evidence, photos

PATIENCE = timedelta(days=1)  # how long a photo waits for the action it was chosen for
CHUNK = 500  # files looked up at a time

Photo = tuple[str, str | None]  # the need it answers, and its digest; None after it was erased


def take_in(upload: bytes, name: str) -> str:
    """Clean and store a photo before its action; return its digest. Raise Invalid, on that field, if it is no photo."""
    clean = photos.cleaned(upload, name)
    return evidence.keep(clean.content, clean.taken).digest


def record(case_id: int, seq: int, given: Mapping[str, Sequence[str]]) -> None:
    """Record which photos an action was given, within its transaction; raise Invalid for one that is not stored."""
    _lock(digest for digests in given.values() for digest in digests)
    photos_given = [(name, evidence.holds(digest)) for name, digests in given.items() for digest in digests]
    missing = dict.fromkeys(name for name, kept in photos_given if kept is None)
    if missing:
        raise Invalid([Fault(name, "photo-missing") for name in missing])
    models.Evidence.objects.bulk_create(
        models.Evidence(
            case_id=case_id,
            seq=seq,
            name=name,
            digest=kept.digest,
            media_type=photos.MEDIA_TYPE,
            size=kept.size,
            taken=dict(kept.facts) or None,
        )
        for name, kept in photos_given
        if kept
    )


def photos_of(row: models.Case) -> dict[int, list[Photo]]:
    """Return the photos of a case by event, in the order they were given."""
    by_event: dict[int, list[Photo]] = {}
    for seq, name, digest, erased_at in row.evidence.order_by("pk").values_list("seq", "name", "digest", "erased_at"):
        by_event.setdefault(seq, []).append((name, None if erased_at else digest))
    return by_event


def photo(actor: Actor, number: str, digest: str) -> bytes:
    """Return a photo of a case; raise NotFound if it was erased or the person may not see the case."""
    row = models.Case.objects.filter(number=number).first()
    sees = row is not None and may_see(actor, projection.state(row, row.tasks.order_by("no")), current_city())
    if row is None or not sees or not row.evidence.filter(digest=digest, erased_at=None).exists():
        raise NotFound("no-such-photo")
    return evidence.read(digest)


def erase(case_id: int, now: datetime) -> tuple[str, ...]:
    """Erase the photos of a case; return what was erased, as "event.need".

    Their files are removed when the transaction is committed, except those that another case uses.
    """
    rows = models.Evidence.objects.filter(case_id=case_id, erased_at=None)
    kept = list(rows.values_list("seq", "name", "digest"))
    rows.update(erased_at=now, taken=None)
    digests = {digest for _, _, digest in kept}
    transaction.on_commit(lambda: _remove_unused(digests))
    return tuple(dict.fromkeys(f"{seq}.{name}" for seq, name, _ in kept))


def remove_abandoned(now: datetime) -> int:
    """Remove the photos that were chosen more than PATIENCE ago and that no case uses; return how many."""
    removed, waiting = 0, list[str]()
    for digest in evidence.kept_before(now - PATIENCE):
        waiting.append(digest)
        if len(waiting) == CHUNK:
            removed += _remove_unused(waiting)
            waiting = []
    return removed + _remove_unused(waiting)


def _remove_unused(digests: Iterable[str]) -> int:
    unused = sorted(set(digests) - _used(digests))
    for digest in unused:
        with transaction.atomic():
            _lock([digest])
            if not _used([digest]):  # a case may use it since the first look
                evidence.remove(digest)
    return len(unused)


def _used(digests: Iterable[str]) -> set[str]:
    rows = models.Evidence.objects.filter(digest__in=list(digests), erased_at=None)
    return set(rows.values_list("digest", flat=True))


def _lock(digests: Iterable[str]) -> None:
    """Lock the digests until the transaction ends, always in the same order, so that no deadlock arises."""
    with connection.cursor() as cursor:
        for digest in sorted(set(digests)):
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [digest])
