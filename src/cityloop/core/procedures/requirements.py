"""Whether what an action requires holds: guards over the tasks of a case, conditions over its facts. Pure.

The names a condition may use are facts of the case and of the task acted on; `names` lists them for a procedure, so
that an undeclared name is refused when the procedure is read.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from cityloop.core.clocks import counting as clocks
from cityloop.core.clocks.history import ClockEventKind as ClockFact
from cityloop.core.clocks.worktime import Calendar
from cityloop.core.conditions import Facts
from cityloop.core.procedures.casefile import ENDED, CaseState, TaskState
from cityloop.core.procedures.procedure import CaseRelation, Guard, GuardCount, Procedure, Requirement

OF_THE_CASE = ("category", "district", "community", "channel", "duty")
OF_THE_TASK = ("overdue", "spent", "extensions", "open_subs", "limit_unit", "limit_amount")
CALCULATED = ("stage", "case_overdue", "open_children")


def names(actions: Iterable[str], kinds: Iterable[str], facts: Iterable[str]) -> set[str]:
    """Return every name that a condition of a procedure with these actions, kinds of task and own facts may use."""
    times = {f"times_{name}" for name in actions}
    counted = {f"{counted}_{kind}" for counted in ("open", "late") for kind in kinds}
    return {*OF_THE_CASE, *OF_THE_TASK, *CALCULATED, *facts, *times, *counted}


def holds(
    required: Requirement,
    procedure: Procedure,
    case: CaseState,
    task: TaskState | None,
    now: datetime,
    calendar: Calendar,
) -> bool:
    """Return whether both the guard and the condition hold, if there are any."""
    if required.guard and not guard_holds(required.guard, case, task):
        return False
    condition = required.condition
    return condition is None or condition.holds(facts(procedure, case, task, now, calendar))


def guard_holds(guard: Guard, case: CaseState, task: TaskState | None) -> bool:
    """Return whether enough of the tasks are done."""
    counted = [other for other in case.tasks if other.kind == guard.kind and _is_counted(other, guard, case, task)]
    done = [other for other in counted if other.done_at and other.outcome != ENDED]
    right = [other for other in done if not guard.outcomes or other.outcome in guard.outcomes]
    match guard.count:
        case GuardCount.NO_OPEN:
            return not any(other.is_open for other in counted)
        case GuardCount.ALL:
            return bool(right) and len(right) == len(done) and not any(other.is_open for other in counted)
        case GuardCount.ANY:
            return bool(right)
        case GuardCount.QUORUM:
            return len(right) >= guard.quorum


def facts(procedure: Procedure, case: CaseState, task: TaskState | None, now: datetime, calendar: Calendar) -> Facts:
    """Return the facts that a condition is evaluated against."""
    values: dict[str, Any] = {**case.facts, "stage": case.stage}
    values["case_overdue"] = bool(case.case_due_at and case.case_due_at < (case.closed_at or now))
    values["open_children"] = sum(link.is_open for link in case.links if link.relation is CaseRelation.CHILD)
    values |= {f"times_{name}": case.done.get(name, 0) for name in procedure.actions}
    values |= {f"open_{kind}": sum(other.kind == kind for other in case.open_tasks) for kind in procedure.tasks}
    late = [other.kind for other in case.tasks if other.due_at and other.due_at < (other.done_at or now)]
    values |= {f"late_{kind}": late.count(kind) for kind in procedure.tasks}
    if task:
        values |= _of_the_task(case, task, now, calendar)
    return Facts(values, case.areas, now.astimezone(calendar.time_zone).time())


def _of_the_task(case: CaseState, task: TaskState, now: datetime, calendar: Calendar) -> Mapping[str, Any]:
    clock = task.clock
    limit = clock.limit_in_force if clock else None
    return {
        "overdue": bool(task.due_at and task.due_at < now),
        "spent": _percent(task, now, calendar),
        "extensions": sum(fact.kind is ClockFact.EXTENDED for fact in task.facts),
        "open_subs": sum(other.parent == task.no for other in case.open_tasks),
        "limit_unit": limit.unit.value if limit else None,
        "limit_amount": limit.amount if limit else None,
    }


def _percent(task: TaskState, now: datetime, calendar: Calendar) -> int:
    """Return how much of its limit the task's clock has counted, in whole percent."""
    clock = task.clock
    allowed = clocks.limit_seconds(clock, calendar) if clock else None
    return 100 * clocks.counted_seconds(clock, now, calendar) // allowed if clock and allowed else 0


def _is_counted(other: TaskState, guard: Guard, case: CaseState, task: TaskState | None) -> bool:
    """Return whether a guard counts the task: open or of this visit to the stage, and a sibling of the one acted on."""
    if task and task.kind == guard.kind and other.parent != task.parent:
        return False
    return other.is_open or other.batch >= case.stage_since
