"""Clocks as screens show them: how much is used, when and why they are due, what happened to them.

Counting is in core.clocks.counting.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime

from django.utils.translation import gettext

from cityloop.casework.pages.answers import ClockEvent, ClockView
from cityloop.casework.words import clock_limit_words, limit_words
from cityloop.core.clocks import counting as clocks
from cityloop.core.clocks.counting import Clock, ClockEventKind, State
from cityloop.core.clocks.worktime import Lamp
from cityloop.core.procedures.casefile import CaseState, TaskState
from cityloop.registry.city.city import City

_HAPPENED: dict[ClockEventKind, Callable[[], str]] = {
    ClockEventKind.PAUSED: lambda: gettext("Paused"),
    ClockEventKind.RESUMED: lambda: gettext("Resumed"),
    ClockEventKind.EXTENDED: lambda: gettext("Extended by %(limit)s"),
    ClockEventKind.CONTINUED: lambda: gettext("Resumed with the time that was left"),
    ClockEventKind.RESTARTED: lambda: gettext("Started again"),
    ClockEventKind.UNSTOPPED: lambda: gettext("Resumed with the former due moment"),
    ClockEventKind.LIMIT_REPLACED: lambda: gettext("Another limit: %(limit)s"),
}


def case_clock(case: CaseState, city: City, now: datetime) -> ClockView | None:
    """Return the clock of the whole case; None before it started."""
    return _view(gettext("Whole case"), case.clock, case.case_due_at, city, now) if case.clock else None


def task_clock(name: str, task: TaskState, city: City, now: datetime) -> ClockView | None:
    """Return the clock of a task."""
    return _view(name, task.clock, task.due_at, city, now) if task.clock else None


def _view(name: str, clock: Clock, due_at: datetime | None, city: City, now: datetime) -> ClockView:
    """Return a clock at this moment; its due moment is the one calculated and stored before, the rest explains it."""
    last = clock.facts[-1]
    now = max(now, last.at)  # the clock of another process may be ahead of ours
    standing = clocks.standing(clock, now, city.calendar)
    due = replace(standing.due, at=due_at) if standing.due and due_at else standing.due
    stopped_at = last.at if clock.state is State.STOPPED else None
    late = bool(due and (stopped_at or now) > due.at)
    return ClockView(
        title=name,
        started_at=clock.facts[0].at,
        due=due,
        limit_words=clock_limit_words(clock),
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
