"""What happens to a case automatically: limits that pass, timers that do an action, a calendar that changes. Pure.

The actor is the system; the moves are like any other.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from cityloop.core.actors import SYSTEM
from cityloop.core.clocks.history import Clock
from cityloop.core.clocks.recalculation import recalculated
from cityloop.core.clocks.worktime import Calendar
from cityloop.core.errors import Refusal
from cityloop.core.procedures.casefile import (
    NOTHING,
    CaseState,
    ClockChange,
    Link,
    Move,
    MovedDeadline,
    TaskState,
    Timing,
)
from cityloop.core.procedures.deciding import decide
from cityloop.core.procedures.opening import Terms
from cityloop.core.procedures.procedure import Procedure, Timer
from cityloop.core.procedures.timing import retimed, timing


def woken(procedure: Procedure, case: CaseState, now: datetime, terms: Terms) -> Move | None:
    """Return the next move that a timer causes, None if none has run out. To be called again after each."""
    if not case.is_open:
        return None
    if passed := _limits_passed(procedure, case, now, terms.calendar):
        return passed
    for task, fired in _run_out(case, now):
        timers = procedure.tasks[task.kind].timers if task else procedure.case_timers
        if fired < len(timers):
            return _by_timer(procedure, case, task, timers, now, terms)
    return None


def _limits_passed(procedure: Procedure, case: CaseState, now: datetime, calendar: Calendar) -> Move | None:
    """Return the move that notes every open task of which the next timer says that its limit has passed."""
    passed = [task for task in case.open_tasks if _is_due(task, now) and _next(procedure, task) == Timer(100, None)]
    if not passed:
        return None
    changes = tuple(_fired(task.no, task.clock, procedure.tasks[task.kind].timers, task, calendar) for task in passed)
    return _note(case, "LimitPassed", passed=tuple(task.no for task in passed), changes=changes)


def _by_timer(
    procedure: Procedure, case: CaseState, task: TaskState | None, timers: Sequence[Timer], now: datetime, terms: Terms
) -> Move:
    """Return the timer's action done by the system; if that is refused, only the note that its time has come."""
    holder = task or case
    change = _fired(task.no if task else None, holder.clock, timers, holder, terms.calendar)
    action = timers[holder.fired].action
    name = "LimitPassed" if action is None else "TimerPassed"
    try:
        move = decide(procedure, case, action or "", task.no if task else 0, SYSTEM, NOTHING, now, terms)
    except Refusal:
        return _note(case, name, changes=(change,))
    taken_on = not any(other.task == change.task for other in move.changes)
    return replace(move, changes=(*move.changes, change)) if taken_on else move


def linked_case_closed(case: CaseState, number: str, outcome: str | None) -> Move | None:
    """Return the move that notes in which stage a linked case was closed (None: open again); None if it is known."""
    link = next((link for link in case.links if link.number == number), None)
    if link is None or link.outcome == outcome:
        return None
    closed = Link(link.relation, link.number, link.procedure, outcome)
    return replace(_note(case, "LinkedCaseClosed"), links=(closed,), answers={"number": number})


def deadlines_moved(procedure: Procedure, case: CaseState, old: Calendar, new: Calendar, now: datetime) -> Move | None:
    """Return the move that applies a changed calendar to every due moment; None if it moves none."""
    found = list(_moved(procedure, case, old, new, now))
    if not found:
        return None
    changes, moved = (tuple(column) for column in zip(*found, strict=True))
    return replace(_note(case, "DeadlinesMoved", changes=changes), moved=moved)


def _moved(
    procedure: Procedure, case: CaseState, old: Calendar, new: Calendar, now: datetime
) -> Iterator[tuple[ClockChange, MovedDeadline]]:
    holders: tuple[TaskState | CaseState, ...] = (*case.open_tasks, case)
    for holder in holders:
        task = holder if isinstance(holder, TaskState) else None
        due_at = task.due_at if task else case.case_due_at
        change = recalculated(holder.clock, old, new) if holder.clock and due_at and case.is_open else None
        if change is None or due_at is None or change.new.at == due_at:
            continue
        timers = procedure.tasks[task.kind].timers if task else procedure.case_timers
        found = retimed(holder.clock, timers, holder.fired, now, new) if holder.clock else None
        if found:
            days = tuple(day.isoformat() for day in change.days)
            no = task.no if task else None
            yield ClockChange(no, found), MovedDeadline(no, due_at, change.new.at, change.why.value, days)


def _run_out(case: CaseState, now: datetime) -> Iterator[tuple[TaskState | None, int]]:
    """Yield the tasks and (None) the case whose next timer has run out, the earliest first."""
    found: list[tuple[datetime, int, TaskState | None, int]] = [
        (task.wake_at, task.no, task, task.fired) for task in case.open_tasks if task.wake_at and task.wake_at < now
    ]
    if case.wake_at and case.wake_at < now:
        found.append((case.wake_at, 0, None, case.fired))
    for _, _, task, fired in sorted(found, key=lambda timer: timer[:2]):
        yield task, fired


def _is_due(task: TaskState, now: datetime) -> bool:
    return task.wake_at is not None and task.wake_at < now


def _next(procedure: Procedure, task: TaskState) -> Timer | None:
    timers = procedure.tasks[task.kind].timers
    return timers[task.fired] if task.fired < len(timers) else None


def _fired(
    no: int | None, clock: Clock | None, timers: Sequence[Timer], holder: TaskState | CaseState, calendar: Calendar
) -> ClockChange:
    fired = holder.fired + 1
    return ClockChange(no, timing(clock, timers, fired, calendar) if clock else Timing(fired=fired))


def _note(case: CaseState, event: str, passed: tuple[int, ...] = (), changes: tuple[ClockChange, ...] = ()) -> Move:
    names = {"LimitPassed": "limit_passed", "TimerPassed": "timer_passed", "LinkedCaseClosed": "linked_case_closed"}
    name = names.get(event, "deadlines_moved")
    return Move(
        event, name, None, case.stage, not case.is_open, None, passed=passed, changes=changes, counts=case.counts
    )
