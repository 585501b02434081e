"""When a clock is due and which of its timers runs out next, as stored with tasks and cases."""

from collections.abc import Sequence
from datetime import datetime
from fractions import Fraction

from cityloop.core.clocks import counting as clocks
from cityloop.core.clocks import worktime
from cityloop.core.clocks.history import Clock
from cityloop.core.clocks.worktime import YELLOW_SHARE, Calendar, DueMoment
from cityloop.core.procedures.casefile import Timing
from cityloop.core.procedures.procedure import Timer


def timing(clock: Clock, timers: Sequence[Timer], fired: int, calendar: Calendar) -> Timing:
    """Return the timing of a clock whose first `fired` timers have run out."""
    due = _due(clock, calendar)
    if due is None:
        return Timing(fired=fired)
    wake_at = _moment(clock, due, timers[fired], calendar) if fired < len(timers) else None
    return Timing(due.at, due.reached(YELLOW_SHARE), wake_at, fired)


def retimed(clock: Clock, timers: Sequence[Timer], fired: int, now: datetime, calendar: Calendar) -> Timing:
    """Return the timing of a clock after a change: timers whose moment is in the future again are set again."""
    due = _due(clock, calendar)
    if due is None:
        return Timing(fired=fired)
    behind = 0
    while behind < fired and _moment(clock, due, timers[behind], calendar) <= now:
        behind += 1
    return timing(clock, timers, behind, calendar)


def _due(clock: Clock, calendar: Calendar) -> DueMoment | None:
    if len(clock.facts) == 1:  # nothing happened since it started: a shortcut to the same answer
        return worktime.due(clock.facts[0].at, clock.limit, calendar)
    return clocks.due(clock, calendar)


def _moment(clock: Clock, due: DueMoment, timer: Timer, calendar: Calendar) -> datetime:
    """Return when a timer runs out; at the due moment itself the limit has not passed."""
    share = Fraction(timer.percent, 100)
    if share <= 1:
        return due.reached(share)
    return clocks.reached(clock, share, calendar) or due.at
