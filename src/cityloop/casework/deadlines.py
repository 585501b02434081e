"""What follows when another working calendar comes into force: due moments of open cases are reckoned again.

Which of them move is decided in core.waking; the move is written in actions.py. Clocks that are paused have no due
moment and find the new calendar when they go on.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice

from django.db import transaction
from django.db.models import Q
from procrastinate.contrib.django import app

from cityloop.casework import actions, models
from cityloop.casework.jobs import AGAIN
from cityloop.core.clocks.worktime import Calendar
from cityloop.registry.calendar import versions as calendar_versions
from cityloop.registry.history.changes import STREAM
from cityloop.runtime import clock
from cityloop.runtime.log.announcer import subscribe
from cityloop.runtime.models import Event

# Until then every process has seen the calendar, and what was begun with the former one is committed. A case opened
# with the former calendar after the cases were looked through would keep its due moment.
SETTLED = 30  # seconds
CHUNK = 500  # cases of one job


@subscribe("deadlines")
def follow_calendars(events: Sequence[Event]) -> None:
    """Have due moments reckoned again for every calendar that took another one's place."""
    for event in events:
        if event.stream == STREAM and event.name == "CalendarAdopted" and event.payload["number"] > 1:
            later = recompute_deadlines.configure(schedule_in={"seconds": SETTLED})
            later.defer(number=event.payload["number"])


@app.task(name="casework.recompute_deadlines", retry=AGAIN)
def recompute_deadlines(number: int) -> None:
    """Hand out the open cases that a calendar may move, so many to a job."""
    old, new = _calendars(number)
    change = calendar_versions.difference(old, new)
    if change is None:
        return
    since = new.midnight(change.first_day) if change.first_day else None
    with transaction.atomic():
        for cases in _chunks(cases_due_since(since)):
            move_deadlines.defer(number=number, cases=cases)


@app.task(name="casework.move_deadlines", retry=AGAIN)
def move_deadlines(number: int, cases: list[int]) -> None:
    """Take the calendar over into cases; doing it again changes nothing.

    A case that cannot be moved holds up no other: the job fails at the end and is tried again.
    """
    old, new = _calendars(number)
    failures = []
    for case_id in cases:
        try:
            actions.move_deadlines(case_id, old, new, clock.now())
        except Exception as failure:  # raised again below
            failures.append(failure)
    if failures:
        raise ExceptionGroup(f"The due moments of {len(failures)} cases could not be reckoned", failures)


def cases_due_since(since: datetime | None) -> list[int]:
    """Return the open cases where a task or the case is due then or later; None: at any time.

    They are found by their open tasks: an open case has one, and closed cases are not read.
    """
    due = Q(due_at__gte=since) | Q(case__case_due_at__gte=since)
    known = Q(due_at__isnull=False) | Q(case__case_due_at__isnull=False)
    tasks = models.Task.objects.filter(known if since is None else due, done_at=None)
    return list(tasks.values_list("case_id", flat=True).distinct().order_by("case_id"))


def _calendars(number: int) -> tuple[Calendar, Calendar]:
    """Return the calendar that one took the place of, and the one in force: later changes are taken along."""
    last = calendar_versions.last_adopted()
    return calendar_versions.adopted(number - 1), last.calendar if last else calendar_versions.adopted(number)


def _chunks(cases: Iterable[int]) -> Iterator[list[int]]:
    left = iter(cases)
    while chunk := list(islice(left, CHUNK)):
        yield chunk
