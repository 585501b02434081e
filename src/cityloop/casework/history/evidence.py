"""Photos as evidence of actions: taken in, recorded with an event, shown to who may see the case, erased by law.

A photo is kept before the transaction of its action and recorded within it. One that no case came to use, or whose
last use was erased, is removed; a lock on its digest keeps who removes and who records apart.
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

Photo = tuple[str, str | None]  # the need it answers, and its digest; None once erased


def take_in(upload: bytes, name: str) -> str:
    """Clean and keep a photo for good, before its action; return its digest. Invalid, on that field, for no photo."""
    clean = photos.cleaned(upload, name)
    return evidence.keep(clean.content, clean.taken).digest


def record(case_id: int, seq: int, given: Mapping[str, Sequence[str]]) -> None:
    """Write down within the action's transaction which photos it was given; Invalid for one that is not kept."""
    _lock(digest for digests in given.values() for digest in digests)
    found = [(name, digest, evidence.holds(digest)) for name, digests in given.items() for digest in digests]
    missing = dict.fromkeys(name for name, _, kept in found if kept is None)
    if missing:
        raise Invalid([Fault(name, "A photo was not received. Choose it again.") for name in missing])
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
        for name, _, kept in found
        if kept
    )


def photos_of(row: models.Case) -> dict[int, list[Photo]]:
    """Return the photos of a case by event, in the order they were given."""
    told: dict[int, list[Photo]] = {}
    for seq, name, digest, erased_at in row.evidence.order_by("pk").values_list("seq", "name", "digest", "erased_at"):
        told.setdefault(seq, []).append((name, None if erased_at else digest))
    return told


def photo(actor: Actor, number: str, digest: str) -> bytes:
    """Return a photo of a case; NotFound where it was erased or the case is out of the person's sight."""
    row = models.Case.objects.filter(number=number).first()
    sees = row is not None and may_see(actor, projection.state(row, row.tasks.order_by("no")), current_city())
    if row is None or not sees or not row.evidence.filter(digest=digest, erased_at=None).exists():
        raise NotFound("no-such-photo", "There is no such photo, or you may not see it.")
    return evidence.read(digest)


def erase(case_id: int, now: datetime) -> tuple[str, ...]:
    """Erase the photos of a case; return what was erased, as "event.need".

    Their files go once the transaction is final, but for those that another case uses.
    """
    rows = models.Evidence.objects.filter(case_id=case_id, erased_at=None)
    kept = list(rows.values_list("seq", "name", "digest"))
    rows.update(erased_at=now, taken=None)
    digests = {digest for _, _, digest in kept}
    transaction.on_commit(lambda: _remove_unused(digests))
    return tuple(dict.fromkeys(f"{seq}.{name}" for seq, name, _ in kept))


def remove_abandoned(now: datetime) -> int:
    """Remove the photos that were chosen long ago and that no case uses; return how many."""
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
            if not _used([digest]):  # nor since it was looked up
                evidence.remove(digest)
    return len(unused)


def _used(digests: Iterable[str]) -> set[str]:
    rows = models.Evidence.objects.filter(digest__in=list(digests), erased_at=None)
    return set(rows.values_list("digest", flat=True))


def _lock(digests: Iterable[str]) -> None:
    """Hold the digests until the transaction ends, in one order for everybody."""
    with connection.cursor() as cursor:
        for digest in sorted(set(digests)):
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [digest])
