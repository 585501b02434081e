"""Clocks told for people: how much is used, when they are due and why, what happened to them. Counting is in core."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime

from django.utils.translation import gettext

from cityloop.casework.pages.answers import ClockEvent, ClockView
from cityloop.casework.words import limit_words
from cityloop.core.clocks import counting as clocks
from cityloop.core.clocks.counting import Clock, ClockEventKind, State
from cityloop.core.clocks.worktime import Lamp
from cityloop.core.procedures.casefile import CaseState, TaskState
from cityloop.registry.city.city import City

_HAPPENED: dict[ClockEventKind, Callable[[], str]] = {
    ClockEventKind.PAUSED: lambda: gettext("Paused"),
    ClockEventKind.RESUMED: lambda: gettext("Going on"),
    ClockEventKind.EXTENDED: lambda: gettext("Extended by %(limit)s"),
    ClockEventKind.CONTINUED: lambda: gettext("Taken up again with the time that was left"),
    ClockEventKind.RESTARTED: lambda: gettext("Started anew"),
    ClockEventKind.UNSTOPPED: lambda: gettext("Taken up again with the former due moment"),
    ClockEventKind.LIMIT_REPLACED: lambda: gettext("Another limit: %(limit)s"),
}


def case_clock(case: CaseState, city: City, now: datetime) -> ClockView | None:
    """Return the clock of the whole case, None before it started."""
    return _view(gettext("Whole case"), case.clock, case.case_due_at, city, now) if case.clock else None


def task_clock(name: str, task: TaskState, city: City, now: datetime) -> ClockView | None:
    """Return the clock of a task."""
    return _view(name, task.clock, task.due_at, city, now) if task.clock else None


def _view(name: str, clock: Clock, due_at: datetime | None, city: City, now: datetime) -> ClockView:
    """Return a clock as it stands; the due moment is the one that was reckoned and kept, the rest explains it."""
    now = max(now, clock.facts[-1].at)  # another process's clock may be ahead of ours
    standing = clocks.standing(clock, now, city.calendar)
    due = replace(standing.due, at=due_at) if standing.due and due_at else standing.due
    last = clock.facts[-1]
    stopped_at = last.at if clock.state is State.STOPPED else None
    late = bool(due and (stopped_at or now) > due.at)
    return ClockView(
        title=name,
        started_at=clock.facts[0].at,
        due=due,
        limit_words=limit_words(clock.limit_in_force),
        stopped_at=stopped_at,
        lamp=Lamp.RED if late else standing.lamp,
        counted_seconds=standing.counted_seconds,
        limit_seconds=standing.limit_seconds or 1,
        events=tuple(_events(clock)),
        paused_at=last.at if clock.state is State.PAUSED else None,
    )


def _events(clock: Clock) -> Iterator[ClockEvent]:
    for fact in clock.facts:
        if words := _HAPPENED.get(fact.kind):
            limit = limit_words(fact.limit) if fact.limit else ""
            yield ClockEvent(fact.at, words() % {"limit": limit} if limit else words())
