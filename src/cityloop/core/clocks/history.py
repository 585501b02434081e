"""What happened to a clock: facts in order, kept as they were and never rewritten. Counting is in counting.py."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from cityloop.core.clocks.worktime import Limit, LimitUnit
from cityloop.core.errors import NotPossible


class ClockEventKind(StrEnum):
    """What can happen to a clock."""

    STARTED = "started"
    PAUSED = "paused"  # 挂账
    RESUMED = "resumed"
    EXTENDED = "extended"  # 延期
    STOPPED = "stopped"  # done, or returned
    CONTINUED = "continued"
    RESTARTED = "restarted"
    UNSTOPPED = "unstopped"
    LIMIT_REPLACED = "limit_replaced"


class State(StrEnum):
    """The state of a clock."""

    WAITING = "waiting"  # not started
    RUNNING = "running"
    PAUSED = "paused"
    STOPPED = "stopped"


_NEXT: Mapping[State, Mapping[ClockEventKind, State]] = {
    State.WAITING: {ClockEventKind.STARTED: State.RUNNING},
    State.RUNNING: {
        ClockEventKind.PAUSED: State.PAUSED,
        ClockEventKind.EXTENDED: State.RUNNING,
        ClockEventKind.STOPPED: State.STOPPED,
        ClockEventKind.LIMIT_REPLACED: State.RUNNING,
    },
    State.PAUSED: {
        ClockEventKind.RESUMED: State.RUNNING,
        ClockEventKind.EXTENDED: State.PAUSED,
        ClockEventKind.STOPPED: State.STOPPED,
        ClockEventKind.LIMIT_REPLACED: State.PAUSED,
    },
    State.STOPPED: {
        ClockEventKind.CONTINUED: State.RUNNING,
        ClockEventKind.RESTARTED: State.RUNNING,
        ClockEventKind.UNSTOPPED: State.RUNNING,
        ClockEventKind.LIMIT_REPLACED: State.STOPPED,
    },
}
_FROM_ANEW = (ClockEventKind.STARTED, ClockEventKind.RESTARTED, ClockEventKind.LIMIT_REPLACED)
_WITH_A_LIMIT = (ClockEventKind.EXTENDED, ClockEventKind.LIMIT_REPLACED)


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that happened to a clock; a limit comes with EXTENDED (how much) and LIMIT_REPLACED (by what)."""

    kind: ClockEventKind
    at: datetime
    limit: Limit | None = None

    def __post_init__(self) -> None:
        if (self.kind in _WITH_A_LIMIT) != (self.limit is not None):
            raise ValueError(f"A limit belongs to {_WITH_A_LIMIT} alone, not to {self.kind}.")


@dataclass(frozen=True, slots=True)
class Clock:
    """A limit and what happened to its clock, in order. NotPossible if one fact cannot follow the other."""

    limit: Limit
    facts: tuple[Fact, ...] = ()

    def __post_init__(self) -> None:
        state, limit = State.WAITING, self.limit
        for number, fact in enumerate(self.facts):
            if number and fact.at < self.facts[number - 1].at:
                raise NotPossible("clock-order")
            if fact.kind not in _NEXT[state]:
                raise NotPossible(f"clock-{state}")
            state = _NEXT[state][fact.kind]
            limit = _limit_after(limit, fact)

    @property
    def state(self) -> State:
        """What the clock does after its last fact."""
        state = State.WAITING
        for fact in self.facts:
            state = _NEXT[state][fact.kind]
        return state

    @property
    def limit_in_force(self) -> Limit:
        """The limit without extensions, after replacements."""
        limit = self.limit
        for fact in self.facts:
            limit = _limit_after(limit, fact)
        return limit

    @property
    def extensions(self) -> tuple[Limit, ...]:
        """The extensions of the limit in force; a new start or another limit begins without any."""
        since: list[Limit] = []
        for fact in self.facts:
            if fact.kind in _FROM_ANEW:
                since.clear()
            elif fact.kind is ClockEventKind.EXTENDED and fact.limit:
                since.append(fact.limit)
        return tuple(since)

    @property
    def unit(self) -> LimitUnit:
        """What the clock counts in."""
        return self.limit_in_force.unit

    def noted(self, kind: ClockEventKind, at: datetime, limit: Limit | None = None) -> "Clock":
        """Return the clock with one more fact; NotPossible if it cannot follow."""
        return replace(self, facts=(*self.facts, Fact(kind, at, limit)))

    def as_of(self, now: datetime) -> "Clock":
        """Return the clock as it was known at `now`."""
        return replace(self, facts=tuple(fact for fact in self.facts if fact.at <= now))


def _limit_after(limit: Limit, fact: Fact) -> Limit:
    if fact.limit is None:
        return limit
    if fact.kind is ClockEventKind.LIMIT_REPLACED:
        return fact.limit
    if fact.limit.unit.is_continuous != limit.unit.is_continuous:
        raise NotPossible("clock-extension")
    return limit
