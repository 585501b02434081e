"""Clocks over a history: started, paused, extended, stopped, taken up again; what they counted and when they are due.

The facts are kept as they happened and never rewritten: every answer is counted from them. Who may pause or
extend, how often and until when, is decided in procedures; arithmetic without a history is in worktime.py, who is
charged with the time of a case in charging.py, a changed calendar in recalculation.py.

- A pause adds nothing to the counted time: working time that it took is given back to the second.
- An extension begins where the time that it extends ends: it is counted from the due moment at the time it was
  granted. It is counted as the limit is, through nights or in working time.
- Rework goes on with what is left (CONTINUED), starts again with the whole limit (RESTARTED), or leaves the due moment
  as it was, so that the time of the check counts too (UNSTOPPED). All three are in use.
- A limit that replaces another is counted from the start of the round; extensions of the former one are dropped.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from fractions import Fraction
from typing import NamedTuple

from cityloop.core.clocks import worktime
from cityloop.core.clocks.history import Clock, ClockEventKind, Fact, State
from cityloop.core.clocks.worktime import Calendar, DueMoment, Lamp, LimitUnit, Window

__all__ = [
    "Because",
    "Clock",
    "ClockEventKind",
    "ClockState",
    "Fact",
    "State",
    "Stretch",
    "counted_between",
    "counted_in_all",
    "counted_seconds",
    "due",
    "explained",
    "limit_seconds",
    "reached",
    "standing",
]


class Because(StrEnum):
    """Why a stretch of a clock's time counts or does not."""

    WORK = "work"
    REST = "rest"  # nights, midday, days off
    PAUSED = "paused"
    STOPPED = "stopped"  # between a stop and rework


class Stretch(NamedTuple):
    """One stretch of a clock's time and why it counts or does not."""

    begins_at: datetime
    ends_at: datetime
    because: Because


@dataclass(frozen=True, slots=True)
class ClockState:
    """The state of a clock at a moment. `due` is None while it is paused with time left, or not started."""

    state: State
    counted_seconds: int
    limit_seconds: int | None
    due: DueMoment | None
    lamp: Lamp


class _Run(NamedTuple):
    """A stretch in which the clock runs, still running if `end` is None, and why it did not run before."""

    begin: datetime
    end: datetime | None
    before: Because | None


def counted_seconds(clock: Clock, now: datetime, calendar: Calendar) -> int:
    """Return what the clock has counted by `now` since it was started, or restarted."""
    known = clock.as_of(now)
    return _counted(_rounds(known)[-1], known.unit, None, now, calendar)


def counted_in_all(clock: Clock, now: datetime, calendar: Calendar) -> int:
    """Return what the clock has counted by `now` in all its rounds: it does not shrink by a restart."""
    known = clock.as_of(now)
    return sum(_counted(runs, known.unit, None, now, calendar) for runs in _rounds(known))


def counted_between(clock: Clock, begin: datetime, end: datetime, calendar: Calendar) -> int:
    """Return what the clock counted from `begin` to `end` in all its rounds, as is known after its last fact."""
    return sum(_counted(runs, clock.unit, begin, end, calendar) for runs in _rounds(clock))


def limit_seconds(clock: Clock, calendar: Calendar) -> int | None:
    """Return the counted seconds that the clock has in this round, extensions included; None before its start."""
    allowed: int | None = None
    for number, fact in enumerate(clock.facts, start=1):
        known = Clock(clock.limit, clock.facts[:number])
        if fact.kind in (ClockEventKind.STARTED, ClockEventKind.RESTARTED, ClockEventKind.LIMIT_REPLACED) and (
            runs := _rounds(known)[-1]
        ):
            allowed = worktime.due(runs[0].begin, known.limit_in_force, calendar).seconds
        if fact.kind is ClockEventKind.EXTENDED and fact.limit and allowed:
            reached = _due_within(_going_on(known), allowed, calendar)
            allowed += worktime.due(reached.at, fact.limit, calendar).seconds if reached else 0
    return allowed


def due(clock: Clock, calendar: Calendar) -> DueMoment | None:
    """Return when the clock has counted its limit, with the windows that add up to it: they skip pauses.

    None before the start, and while it is paused with time left: it has no due moment then. A stopped clock keeps the
    one at which it would have been due had it gone on.
    """
    allowed = limit_seconds(clock, calendar)
    if allowed is None:
        return None
    return _due_within(_going_on(clock) if clock.state is State.STOPPED else clock, allowed, calendar)


def reached(clock: Clock, share: Fraction, calendar: Calendar) -> datetime | None:
    """Return when the clock has counted this share of its limit, which may be more than all of it; None as `due`."""
    allowed, found = limit_seconds(clock, calendar), due(clock, calendar)
    if allowed is None or found is None:
        return None
    if share <= 1:
        return found.reached(share)
    beyond = -(-allowed * share.numerator // share.denominator)
    going_on = _going_on(clock) if clock.state is State.STOPPED else clock
    further = _due_within(going_on, beyond, calendar)
    return further.at if further else None


def standing(clock: Clock, now: datetime, calendar: Calendar) -> ClockState:
    """Return the state of the clock at `now`, by what was known then. It is red after the due moment."""
    known = clock.as_of(now)
    counted = counted_seconds(known, now, calendar)
    allowed, found = limit_seconds(known, calendar), due(known, calendar)
    until = _stopped_at(known) if known.state is State.STOPPED else now
    shown = worktime.lamp(min(counted, allowed), allowed) if allowed else Lamp.GREEN
    return ClockState(
        known.state, counted, allowed, found, Lamp.RED if found and worktime.whole_second(until) > found.at else shown
    )


def explained(clock: Clock, until: datetime, calendar: Calendar) -> tuple[Stretch, ...]:
    """Return this round's time up to `until` without a gap, each stretch with why it counts or does not.

    Facts after `until` are used where they show how long a pause lasts. Give the due moment to explain it.
    """
    stretches: list[Stretch] = []
    runs = _rounds(clock)[-1]
    until = worktime.whole_second(until)
    here = runs[0].begin if runs else until
    for run in runs:
        if run.before:
            stretches.append(Stretch(here, min(run.begin, until), run.before))
        end = min(run.end or until, until)
        stretches += _in_a_run(run.begin, end, clock.unit, calendar)
        here = run.end or until
    stretches.append(Stretch(here, until, Because.STOPPED if clock.state is State.STOPPED else Because.PAUSED))
    return tuple(stretch for stretch in stretches if stretch.begins_at < stretch.ends_at)


def _in_a_run(begin: datetime, end: datetime, unit: LimitUnit, calendar: Calendar) -> list[Stretch]:
    stretches = []
    for window in worktime.windows_between(begin, end, unit, calendar):
        stretches.append(Stretch(begin, window.opens_at, Because.REST))
        stretches.append(Stretch(window.opens_at, window.closes_at, Because.WORK))
        begin = window.closes_at
    return [*stretches, Stretch(begin, end, Because.REST)]


def _rounds(clock: Clock) -> list[list[_Run]]:
    """Return the stretches in which the clock ran; a restart begins a new round of them."""
    rounds: list[list[_Run]] = [[]]
    stopped_at: datetime | None = None
    for fact in clock.facts:
        runs, at = rounds[-1], worktime.whole_second(fact.at)
        match fact.kind:
            case ClockEventKind.STARTED:
                runs.append(_Run(at, None, None))
            case ClockEventKind.RESTARTED:
                rounds.append([_Run(at, None, None)])
            case ClockEventKind.PAUSED:
                runs[-1] = runs[-1]._replace(end=at)
            case ClockEventKind.STOPPED if runs[-1].end is None:
                stopped_at = at
                runs[-1] = runs[-1]._replace(end=at)
            case ClockEventKind.STOPPED:  # it was paused: the stop ends the pause
                stopped_at = at
                runs.append(_Run(at, at, Because.PAUSED))
            case ClockEventKind.RESUMED:
                runs.append(_Run(at, None, Because.PAUSED))
            case ClockEventKind.CONTINUED:
                runs.append(_Run(at, None, Because.STOPPED))
            case ClockEventKind.UNSTOPPED:
                runs.append(_Run(stopped_at or at, None, None))
    return rounds


def _counted(runs: list[_Run], unit: LimitUnit, begin: datetime | None, end: datetime, calendar: Calendar) -> int:
    return sum(
        worktime.counted_seconds(max(run.begin, begin or run.begin), min(run.end or end, end), unit, calendar)
        for run in runs
    )


def _due_within(clock: Clock, allowed: int, calendar: Calendar) -> DueMoment | None:
    windows: list[Window] = []
    for run in _rounds(clock)[-1]:
        if run.end is not None:
            counted = worktime.counted_seconds(run.begin, run.end, clock.unit, calendar)
            if counted < allowed:
                windows += worktime.windows_between(run.begin, run.end, clock.unit, calendar)
                allowed -= counted
                continue
        last = worktime.spent(run.begin, allowed, clock.unit, calendar)
        return DueMoment(last.at, tuple(worktime.joined([*windows, *last.windows])), last.provisional)
    return None


def _going_on(clock: Clock) -> Clock:
    """Return the clock as if it were running again after its last fact, a stop as if it had not been."""
    again = {State.PAUSED: ClockEventKind.RESUMED, State.STOPPED: ClockEventKind.UNSTOPPED}.get(clock.state)
    return clock.noted(again, clock.facts[-1].at) if again else clock


def _stopped_at(clock: Clock) -> datetime:
    return next(fact.at for fact in reversed(clock.facts) if fact.kind is ClockEventKind.STOPPED)
