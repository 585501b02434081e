"""Teaches the gazetteer the addresses of closed cases. How it learns is in core.gazetteer.learning.

Only roads, numbers and points are passed on, never the rest of the text or whose case it was; a case whose words were
erased has no address any more and teaches nothing. How far the cases were read is recorded in the event, in the same
transaction as what was learned, so no case counts twice.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from django.db import transaction

from cityloop.casework.models import Case
from cityloop.core.gazetteer.learning import Observation
from cityloop.registry.city.current import current_city
from cityloop.registry.gazetteer import actions as place_actions
from cityloop.registry.gazetteer.finding import FACT, read_address
from cityloop.registry.history.changes import STREAM
from cityloop.runtime.log import events
from cityloop.runtime.models import Event

AT_ONCE = 20_000  # cases in one transaction
SETTLED = timedelta(minutes=10)  # before that, a case that was closed earlier may not yet be committed


def learn_from_cases(now: datetime) -> int:
    """Teach the gazetteer from the cases closed since the last time; return how many cases were read."""
    read, since = 0, _read_until()
    while until := _until(since, now - SETTLED):
        read += _learn(since, until, now)
        since = until
    return read


@transaction.atomic
def _learn(since: datetime | None, until: datetime, now: datetime) -> int:
    events.locked(STREAM)
    latest = _read_until()
    cases = _closed(max(since, latest) if since and latest else since or latest, until)
    progress = {"until": until.isoformat(), "cases": len(cases)}
    place_actions.learn(_observations(cases), events.SYSTEM, now, details=progress)
    return len(cases)


def _read_until() -> datetime | None:
    """Return when the last case that the gazetteer has learned from was closed."""
    learned = Event.objects.filter(stream=STREAM, name=place_actions.LEARNED, payload__has_key="until")
    last = learned.order_by("-seq").values_list("payload", flat=True).first()
    return datetime.fromisoformat(last["until"]) if last else None


def _until(since: datetime | None, settled: datetime) -> datetime | None:
    """Return the moment up to which closed cases are read next; None if there are none."""
    rows = Case.objects.filter(closed_at__lte=settled)
    if since:
        rows = rows.filter(closed_at__gt=since)
    earliest = list(rows.order_by("closed_at").values_list("closed_at", flat=True)[:AT_ONCE])
    return earliest[-1] if earliest else None


def _closed(since: datetime | None, until: datetime) -> list[Case]:
    rows = Case.objects.filter(closed_at__lte=until, is_open=False, counts=True, address__isnull=False)
    return list((rows.filter(closed_at__gt=since) if since else rows).only("facts", "address"))


def _observations(cases: Iterable[Case]) -> Iterator[Observation]:
    city = current_city()
    for case in cases:
        if FACT in case.facts or not (case.facts.get("lon") and case.address):
            continue
        point = float(case.facts["lon"]), float(case.facts["lat"])
        if observation := place_actions.observed(read_address(case.address), point, city):
            yield observation
