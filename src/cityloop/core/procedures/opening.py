"""The tasks that an action opens: for whom, by when, and whether with the clock of a former one. Pure.

Limits: what was asked for now, else what was asked for when the case began, else the limit that the case keeps since
its filing, else the category's, else the procedure's. A limit changed in the catalogue later does not touch a case
that was filed.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from cityloop.core.actors import Post
from cityloop.core.clocks.history import Clock, Fact
from cityloop.core.clocks.history import ClockEventKind as ClockFact
from cityloop.core.clocks.worktime import Calendar, Limit
from cityloop.core.errors import NotPossible
from cityloop.core.procedures.casefile import CaseState, TaskState, Timing
from cityloop.core.procedures.needs import asked_limit, members
from cityloop.core.procedures.procedure import (
    LimitRule,
    Need,
    NeedKind,
    Procedure,
    Separation,
    TaskKind,
    TaskOpening,
    Words,
)
from cityloop.core.procedures.timing import retimed, timing

KEPT = "limit_"  # the facts that keep a filed case's limits by name
ASKED = "asked_"  # the facts that keep the limits that a case was begun with
OWN = "own"  # the unit of the post that acts


@dataclass(frozen=True, slots=True)
class Terms:
    """What the city lays down: its calendar, and the limits of the case's category by name."""

    calendar: Calendar
    limits: Mapping[str, Limit] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ActionStep:
    """One action being decided: on which task of which case, with what answers, by which post, when."""

    procedure: Procedure
    case: CaseState
    task: TaskState | None
    needs: tuple[Need, ...]
    answers: Words
    by: Post | None
    now: datetime
    terms: Terms

    def limit(self, rule: LimitRule) -> Limit:
        """Return the limit that a rule gives here."""
        if rule.asked and (answer := self.answers.get(rule.asked)):
            return asked_limit(self._need(rule.asked), answer, self.terms.calendar.local_date(self.now))
        if rule.asked and (kept := self.case.facts.get(ASKED + rule.asked)):
            return Limit.read(kept)
        if rule.name and (kept := self.case.facts.get(KEPT + rule.name)):
            return Limit.read(kept)
        return self.terms.limits.get(rule.name, rule.otherwise) if rule.name else rule.otherwise

    def _need(self, name: str) -> Need:
        return next(need for need in self.needs if need.name == name)


def kept_limits(terms: Terms) -> Words:
    """Return the facts by which a case keeps its category's limits from now on."""
    return {KEPT + name: str(limit) for name, limit in terms.limits.items()}


def limits_begun_with(step: ActionStep) -> Words:
    """Return the facts by which a case keeps the numbers it began with: tasks opened later may have them as limits."""
    today = step.terms.calendar.local_date(step.now)
    numbers = {need.name: need for need in step.needs if need.kind is NeedKind.NUMBER and need.name in step.answers}
    return {ASKED + name: str(asked_limit(need, step.answers[name], today)) for name, need in numbers.items()}


def opened(step: ActionStep, openings: Sequence[TaskOpening]) -> tuple[TaskState, ...]:
    """Return the new tasks, numbered on from those the case has."""
    planned = [plan for opening in openings for plan in _plans(step, opening)]
    first = len(step.case.tasks) + 1
    return tuple(_task(step, no, *plan) for no, plan in enumerate(planned, start=first))


def _plans(step: ActionStep, opening: TaskOpening) -> Iterator[tuple[TaskOpening, str | None, TaskState | None]]:
    """Yield who gets the task: one plan, or one for each unit that was named."""
    kind = step.procedure.tasks[opening.kind]
    if opening.again:
        yield from ((opening, former.unit, former) for former in _formers(step, opening))
    elif not kind.held_by_unit:
        yield opening, None, None
    elif opening.unit == OWN:
        yield opening, step.by.unit if step.by else None, None
    else:
        yield from ((opening, unit, None) for unit in members(step.answers.get(opening.unit)))


def _formers(step: ActionStep, opening: TaskOpening) -> tuple[TaskState, ...]:
    """Return the tasks to be taken up again: the last of each unit that was named, where units are."""
    units = members(step.answers.get(opening.unit)) if step.procedure.tasks[opening.kind].held_by_unit else ()
    if not units:
        return (_former(step, opening),)
    held = {one.unit: one for one in step.case.tasks if one.kind == opening.kind}
    if not held.keys() >= set(units):
        raise NotPossible("no-former-task")
    return tuple(held[unit] for unit in units)


def _former(step: ActionStep, opening: TaskOpening) -> TaskState:
    """Return the task to be taken up again: the one this came from, or the last of its kind."""
    task = step.task
    while task is not None:
        if task.kind == opening.kind:
            return task
        task = step.case.task(task.parent)
    for one in reversed(step.case.tasks):
        if one.kind == opening.kind:
            return one
    raise NotPossible("no-former-task")


def _task(step: ActionStep, no: int, opening: TaskOpening, unit: str | None, former: TaskState | None) -> TaskState:
    kind = step.procedure.tasks[opening.kind]
    if kind.part is Separation.JUDGING and unit in step.case.barred_units:
        raise NotPossible("unit-handled-it")
    parent = step.task.no if opening.under and step.task else former.parent if former else None
    task = TaskState(
        no=no,
        kind=kind.name,
        role=kind.role,
        part=kind.part,
        unit=unit,
        opened_at=step.now,
        limit=None,
        yellow_at=None,
        due_at=None,
        parent=parent,
        batch=step.case.length + 1,
    )
    if former and former.clock and opening.again in (ClockFact.CONTINUED, ClockFact.UNSTOPPED):
        stopped = former.clock.noted(ClockFact.STOPPED, step.now) if former.is_open else former.clock
        return _taken_up(task, kind, former, stopped.noted(opening.again, step.now), step)
    return _fresh(task, kind, former, step)


def _fresh(task: TaskState, kind: TaskKind, former: TaskState | None, step: ActionStep) -> TaskState:
    limit = former.clock.limit_in_force if former and former.clock else step.limit(kind.limit)
    clock = Clock(limit, (Fact(ClockFact.STARTED, step.now),))
    return _timed(task, clock, timing(clock, kind.timers, 0, step.terms.calendar), keeps_facts=False)


def _taken_up(task: TaskState, kind: TaskKind, former: TaskState, clock: Clock, step: ActionStep) -> TaskState:
    """Return the task with the former one's clock going on."""
    found = retimed(clock, kind.timers, former.fired, step.now, step.terms.calendar)
    passed_at = former.passed_at if found.due_at and found.due_at < step.now else None
    return _timed(task, clock, found, keeps_facts=True, passed_at=passed_at)


def _timed(
    task: TaskState, clock: Clock, found: Timing, *, keeps_facts: bool, passed_at: datetime | None = None
) -> TaskState:
    return replace(
        task,
        limit=clock.limit,
        facts=clock.facts if keeps_facts else (),
        due_at=found.due_at,
        yellow_at=found.yellow_at,
        wake_at=found.wake_at,
        fired=found.fired,
        passed_at=passed_at,
    )
