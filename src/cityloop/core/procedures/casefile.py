"""What a case is: its tasks with their clocks, its links, the moves it is folded from. Nothing is decided here.

`after` folds a move into the next state. A move contains all effects of an action, so that replaying the
moves of a case gives the case.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import MappingProxyType

from cityloop.core.actors import Post
from cityloop.core.clocks.history import Clock, Fact
from cityloop.core.clocks.history import ClockEventKind as ClockFact
from cityloop.core.clocks.worktime import Limit
from cityloop.core.place.areas import codes_in
from cityloop.core.procedures.procedure import CaseRelation, Separation, Words

NOTHING: Words = MappingProxyType({})
ENDED = "ended"  # the outcome of a task that nobody did: another action ended it


@dataclass(frozen=True, slots=True)
class Timing:
    """When a clock is due, when its lamp turns yellow, and which of its timers runs out next.

    `due_at` is None while the clock is paused with time left; `fired` is how many of its timers have run out.
    """

    due_at: datetime | None = None
    yellow_at: datetime | None = None
    wake_at: datetime | None = None
    fired: int = 0


@dataclass(frozen=True, slots=True)
class TaskState:
    """One task of a case, numbered from 1 within it."""

    no: int
    kind: str
    role: str
    part: Separation
    unit: str | None
    opened_at: datetime
    limit: Limit | None
    yellow_at: datetime | None
    due_at: datetime | None
    done_at: datetime | None = None
    outcome: str | None = None
    passed_at: datetime | None = None  # when it was noted that the limit had passed
    parent: int | None = None  # the task it is under, or was continued from
    batch: int = 0  # the event that opened it
    facts: tuple[Fact, ...] = ()  # what happened to its clock; none: it started when the task was opened
    fired: int = 0
    wake_at: datetime | None = None

    @property
    def is_open(self) -> bool:
        return self.done_at is None

    @property
    def clock(self) -> Clock | None:
        """Its clock with everything that happened to it; None if it has no limit."""
        return _clock(self.limit, self.facts, self.opened_at, self.done_at) if self.limit else None


@dataclass(frozen=True, slots=True)
class Link:
    """Another case and its relation to this one; `outcome` is the stage it was closed in."""

    relation: CaseRelation
    number: str
    procedure: str
    outcome: str | None = None

    @property
    def is_open(self) -> bool:
        return self.outcome is None


@dataclass(frozen=True, slots=True)
class ClockChange:
    """What a move did to a clock that had started: of a task, or (None) of the case."""

    task: int | None
    timing: Timing
    fact: Fact | None = None


@dataclass(frozen=True, slots=True)
class MovedDeadline:
    """A due moment that a changed calendar moved, and why: a RecalculationReason, the days that changed."""

    task: int | None
    old: datetime
    new: datetime
    why: str
    days: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Move:
    """The effects of one action; an event contains exactly these."""

    event: str
    action: str
    task: int | None
    stage: str
    final: bool
    by: Post | None
    facts: Words = field(default_factory=dict)  # facts of the case from now on
    answers: Words = field(default_factory=dict)  # what was chosen, not personal
    words: Words = field(default_factory=dict)  # personal words, kept apart from the event
    opened: tuple[TaskState, ...] = ()
    passed: tuple[int, ...] = ()  # tasks whose limit is noted as passed
    case_limit: Limit | None = None
    case_due_at: datetime | None = None
    clock_started: bool = False
    keeps: bool = False  # the task acted on stays open
    ended: tuple[int, ...] = ()  # other tasks that it ended
    handling: bool = False  # who did it has handled the case, though it was no handling task
    counts: bool = True
    changes: tuple[ClockChange, ...] = ()
    links: tuple[Link, ...] = ()
    documents: tuple[str, ...] = ()
    moved: tuple[MovedDeadline, ...] = ()


@dataclass(frozen=True, slots=True)
class CaseState:
    """The state of a case, folded from its moves."""

    stage: str
    is_open: bool
    tasks: tuple[TaskState, ...]
    facts: Words
    length: int  # how many events its history has
    clock_started_at: datetime | None = None
    case_limit: Limit | None = None
    case_due_at: datetime | None = None
    closed_at: datetime | None = None
    handlers: frozenset[str] = frozenset()  # accounts that acted on a handling task
    handling_units: frozenset[str] = frozenset()  # units that held one
    stage_since: int = 1  # the event that brought it to its stage
    counts: bool = True
    done: Mapping[str, int] = field(default_factory=dict)  # how often each action was done
    links: tuple[Link, ...] = ()
    clock_facts: tuple[Fact, ...] = ()  # of its own clock; none: it started and nothing happened since
    fired: int = 0
    wake_at: datetime | None = None

    def task(self, no: int | None) -> TaskState | None:
        """Return the task of that number, None if the case has no such task."""
        return self.tasks[no - 1] if no and 0 < no <= len(self.tasks) else None

    @property
    def open_tasks(self) -> tuple[TaskState, ...]:
        return tuple(task for task in self.tasks if task.is_open)

    @property
    def units(self) -> frozenset[str]:
        """The units that hold or held a task of the case, whatever its part."""
        return frozenset(task.unit for task in self.tasks if task.unit)

    @property
    def barred_units(self) -> frozenset[str]:
        """The units that may not judge: those that handled this case, or the case that began it."""
        return self.handling_units | frozenset(self.facts.get("origin_units", "").split())

    @property
    def areas(self) -> tuple[str, ...]:
        """Return the codes of the areas the case lies in: those of the tree, the smallest last, then other grids."""
        return codes_in(self.facts)

    @property
    def clock(self) -> Clock | None:
        """The case's own clock with everything that happened to it; None before it started."""
        if self.clock_started_at is None or self.case_limit is None:
            return None
        return _clock(self.case_limit, self.clock_facts, self.clock_started_at, self.closed_at)


def after(case: CaseState | None, move: Move, account: str, at: datetime) -> CaseState:
    """Return the state of the case after a move; None is the state before the first."""
    if case is None:
        case = CaseState(stage=move.stage, is_open=True, tasks=(), facts=NOTHING, length=0)
    acted_on = case.task(move.task)
    handled = move.handling or (acted_on is not None and acted_on.part is Separation.HANDLING)
    new_units = {task.unit for task in move.opened if task.part is Separation.HANDLING and task.unit}
    reopened = case.closed_at is not None and not move.final
    state = replace(
        case,
        stage=move.stage,
        is_open=not move.final,
        tasks=tuple(_task_after(task, move, at) for task in case.tasks) + move.opened,
        facts={**case.facts, **move.facts},
        length=case.length + 1,
        closed_at=(case.closed_at or at) if move.final else None,
        handlers=case.handlers | {account} if handled else case.handlers,
        handling_units=case.handling_units | new_units,
        stage_since=case.stage_since if move.stage == case.stage else case.length + 1,
        counts=move.counts,
        done=_counted(case.done, move.action) if case.length else case.done,
        links=_linked(case.links, move.links),
        clock_facts=case.clock.facts if reopened and case.clock else case.clock_facts,
    )
    return _with_clock(state, move, at)


def _with_clock(case: CaseState, move: Move, at: datetime) -> CaseState:
    if move.clock_started:
        case = replace(case, clock_started_at=at, case_limit=move.case_limit, case_due_at=move.case_due_at)
    for change in move.changes:
        if change.task is None:
            timing = change.timing
            facts = _with_fact(case.clock, change.fact) if change.fact else case.clock_facts
            case = replace(
                case, case_due_at=timing.due_at, wake_at=timing.wake_at, fired=timing.fired, clock_facts=facts
            )
    return replace(case, wake_at=None) if move.final else case


def _task_after(task: TaskState, move: Move, at: datetime) -> TaskState:
    if task.no in move.passed:
        task = replace(task, passed_at=at, wake_at=None, fired=task.fired or 1)
    for change in move.changes:
        if change.task == task.no:
            task = _retimed(task, change, at)
    if task.no == move.task and not move.keeps:
        return replace(task, done_at=at, outcome=move.action, wake_at=None)
    if task.no in move.ended or (move.final and task.is_open):
        return replace(task, done_at=at, outcome=ENDED, wake_at=None)
    return task


def _retimed(task: TaskState, change: ClockChange, at: datetime) -> TaskState:
    timing = change.timing
    is_late = timing.due_at is not None and timing.due_at <= at
    return replace(
        task,
        facts=_with_fact(task.clock, change.fact) if change.fact else task.facts,
        due_at=timing.due_at,
        yellow_at=timing.yellow_at,
        wake_at=timing.wake_at,
        fired=timing.fired,
        passed_at=task.passed_at if is_late else None,
    )


def _with_fact(clock: Clock | None, fact: Fact) -> tuple[Fact, ...]:
    return (*clock.facts, fact) if clock else (fact,)


def _clock(limit: Limit, facts: tuple[Fact, ...], started_at: datetime, stopped_at: datetime | None) -> Clock:
    known = facts or (Fact(ClockFact.STARTED, started_at),)
    return Clock(limit, (*known, Fact(ClockFact.STOPPED, stopped_at)) if stopped_at else known)


def _counted(done: Mapping[str, int], action: str) -> Mapping[str, int]:
    return {**done, action: done.get(action, 0) + 1}


def _linked(links: tuple[Link, ...], new: tuple[Link, ...]) -> tuple[Link, ...]:
    """Return the links with those that are new, or that changed."""
    latest = {link.number: link for link in (*links, *new)}
    return tuple(latest.values())
