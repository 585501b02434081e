"""Recalculates the due moments of open cases when another working calendar comes into force.

Which of them move is decided in core.procedures.waking; the move is written in actions.py. Paused clocks have no due
moment and use the new calendar when they resume.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice

from django.db import transaction
from django.db.models import Q
from procrastinate.contrib.django import app

from cityloop.casework import actions, models
from cityloop.casework.jobs import RETRY
from cityloop.core.clocks.worktime import Calendar
from cityloop.registry.calendar import versions as calendar_versions
from cityloop.registry.history.changes import STREAM
from cityloop.runtime import clock
from cityloop.runtime.log.announcer import subscribe
from cityloop.runtime.models import Event

# After this delay every process has seen the calendar, and whatever began with the former one is committed. Otherwise a
# case opened with the former calendar after the cases were listed would keep its due moment.
SETTLED = 30  # seconds
CHUNK = 500  # cases in one job


@subscribe("deadlines")
def follow_calendars(events: Sequence[Event]) -> None:
    """Schedule the recalculation of due moments for every calendar that replaced another."""
    for event in events:
        if event.stream == STREAM and event.name == "CalendarAdopted" and event.payload["number"] > 1:
            later = recompute_deadlines.configure(schedule_in={"seconds": SETTLED})
            later.defer(number=event.payload["number"])


@app.task(name="casework.recompute_deadlines", retry=RETRY)
def recompute_deadlines(number: int) -> None:
    """Find the open cases whose due moments a calendar may move, and defer one job for each chunk of them."""
    old, new = _calendars(number)
    change = calendar_versions.difference(old, new)
    if change is None:
        return
    since = new.midnight(change.first_day) if change.first_day else None
    with transaction.atomic():
        for cases in _chunks(cases_due_since(since)):
            move_deadlines.defer(number=number, cases=cases)


@app.task(name="casework.move_deadlines", retry=RETRY)
def move_deadlines(number: int, cases: list[int]) -> None:
    """Apply the calendar to cases; doing it again changes nothing.

    A case that fails does not stop the others: the job fails at the end and is retried.
    """
    old, new = _calendars(number)
    failures = []
    for case_id in cases:
        try:
            actions.move_deadlines(case_id, old, new, clock.now())
        except Exception as error:  # raised again below
            failures.append(error)
    if failures:
        raise ExceptionGroup(f"The due moments of {len(failures)} cases could not be calculated", failures)


def cases_due_since(since: datetime | None) -> list[int]:
    """Return the open cases where a task or the case is due at that moment or later; None means at any time.

    They are found by their open tasks: every open case has one, so closed cases are not read.
    """
    due = Q(due_at__gte=since) | Q(case__case_due_at__gte=since)
    has_due_moment = Q(due_at__isnull=False) | Q(case__case_due_at__isnull=False)
    tasks = models.Task.objects.filter(has_due_moment if since is None else due, done_at=None)
    return list(tasks.values_list("case_id", flat=True).distinct().order_by("case_id"))


def _calendars(number: int) -> tuple[Calendar, Calendar]:
    """Return the calendar that this one replaced, and the one now in force, so that later changes are included."""
    last = calendar_versions.last_adopted()
    return calendar_versions.adopted(number - 1), last.calendar if last else calendar_versions.adopted(number)


def _chunks(cases: Iterable[int]) -> Iterator[list[int]]:
    remaining = iter(cases)
    while chunk := list(islice(remaining, CHUNK)):
        yield chunk
