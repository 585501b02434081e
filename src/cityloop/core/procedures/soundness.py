"""Faults in a declared procedure: unknown names, stages that cannot be reached or left, tasks that cannot end or that
nobody holds, limits without a clock. Pure; what it asks for and produces is checked in asking.py, roles and other
procedures in registry/packs.

Each fault has the path of its field and says what to do.
"""

from collections.abc import Iterable, Iterator, Mapping

from cityloop.core.procedures import asking
from cityloop.core.procedures.asking import Path, ProcedureFault
from cityloop.core.procedures.opening import OWN
from cityloop.core.procedures.procedure import (
    Action,
    CaseClock,
    Guard,
    Need,
    NeedKind,
    Procedure,
    TaskOpening,
    Timer,
)
from cityloop.core.procedures.transitions import stage_graph

OF_THE_CITY = {  # facts that say where a case comes from and where it lies; no action sets them
    "category", "channel", "community", "condition", "crs", "district", "duty", "external_id", "grids", "lat", "lon",
    "number", "origin", "origin_units", "procedure", "raw_lat", "raw_lon", "receipt", "reported_at", "request",
    "street", "unit_grid", "version",
}  # fmt: skip
KEPT_PREFIXES = ("limit_", "asked_")


def faults(procedure: Procedure) -> Iterator[ProcedureFault]:
    """Yield all faults of a procedure, with the path of the field."""
    unknown = list(_unknown_names(procedure))
    yield from unknown
    if unknown:  # the other checks look these names up
        return
    yield from _of_tasks(procedure)
    for action in procedure.actions.values():
        yield from _of_action(procedure, action)
    yield from asking.faults(procedure)
    yield from _of_clocks(procedure)
    yield from _of_stages(procedure)


def _unknown_names(procedure: Procedure) -> Iterator[ProcedureFault]:
    yield from _missing(("begins", "stage"), [procedure.begins.stage], procedure.stages, "procedure-no-such-stage")
    yield from _missing(
        ("begins", "opens"),
        [opening.kind for opening in procedure.begins.opens],
        procedure.tasks,
        "procedure-no-such-task",
    )
    yield from _missing(
        ("begins", "documents"), procedure.begins.documents, procedure.documents, "procedure-no-such-document"
    )
    for name, kind in procedure.tasks.items():
        yield from _timer_actions(procedure, ("tasks", name, "timers"), kind.timers, name)
    yield from _timer_actions(procedure, ("case_timers",), procedure.case_timers, None)
    for name, action in procedure.actions.items():
        yield from _unknown_in(procedure, ("actions", name), action)


def _unknown_in(procedure: Procedure, path: Path, action: Action) -> Iterator[ProcedureFault]:
    if (action.on is None) == (not action.at):
        yield path, "procedure-on-or-at", {}
    yield from _missing((*path, "on"), [action.on] if action.on else [], procedure.tasks, "procedure-no-such-task")
    yield from _missing((*path, "at"), action.at, procedure.stages, "procedure-no-such-stage")
    yield from _missing((*path, "ends"), action.ends, procedure.tasks, "procedure-no-such-task")
    yield from _missing((*path, "documents"), action.documents, procedure.documents, "procedure-no-such-document")
    yield from _missing((*path, "to"), [action.to] if action.to else [], procedure.stages, "procedure-no-such-stage")
    yield from _missing(
        (*path, "opens"), [opening.kind for opening in action.opens], procedure.tasks, "procedure-no-such-task"
    )
    for no, required in enumerate(action.requires):
        yield from _of_guard(procedure, (*path, "requires", str(no)), required.guard)
    for no, branch in enumerate(action.branches):
        branch_path = (*path, "then", str(no))
        yield from _of_guard(procedure, branch_path, branch.requirement.guard)
        yield from _missing(
            (*branch_path, "to"), [branch.to] if branch.to else [], procedure.stages, "procedure-no-such-stage"
        )
        yield from _missing(
            (*branch_path, "opens"),
            [opening.kind for opening in branch.opens],
            procedure.tasks,
            "procedure-no-such-task",
        )
        yield from _missing((*branch_path, "ends"), branch.ends, procedure.tasks, "procedure-no-such-task")


def _of_guard(procedure: Procedure, path: Path, guard: Guard | None) -> Iterator[ProcedureFault]:
    if guard is None:
        return
    yield from _missing(
        (*path, "of" if guard.count == "quorum" else guard.count.value),
        [guard.kind],
        procedure.tasks,
        "procedure-no-such-task",
    )
    outcomes = {action.name for action in procedure.actions.values() if action.on == guard.kind and not action.keeps}
    for outcome in guard.outcomes:
        if outcome not in outcomes:
            values = {"action": outcome, "task": guard.kind, "known": ", ".join(sorted(outcomes)) or "none"}
            yield (*path, "by"), "procedure-not-an-outcome", values


def _timer_actions(
    procedure: Procedure, path: Path, timers: Iterable[Timer], kind: str | None
) -> Iterator[ProcedureFault]:
    for timer in timers:
        name = timer.action
        action = procedure.actions.get(name) if name else None
        if name and action is None:
            yield path, "procedure-no-timer-action", {"action": name}
        elif action and not action.automatic:
            yield path, "procedure-timer-action-by-people", {"action": name}
        elif action and action.on != kind:
            code = "procedure-timer-action-not-on-task" if kind else "procedure-timer-action-not-on-case"
            yield path, code, {"action": name, "task": kind}


def _missing(path: Path, names: Iterable[str], known: Iterable[str], code: str) -> Iterator[ProcedureFault]:
    for name in names:
        if name not in set(known):
            yield path, code, {"name": name, "known": ", ".join(known) or "none"}


def _of_tasks(procedure: Procedure) -> Iterator[ProcedureFault]:
    if not procedure.begins.opens:
        yield ("begins", "opens"), "procedure-begins-without-task", {}
    opened = {opening.kind for _, opening, _ in _openings(procedure)}
    for name in procedure.tasks:
        path: Path = ("tasks", name)
        if name not in opened:
            yield path, "procedure-task-never-opened", {}
        if not any(action.on == name and not action.keeps for action in procedure.actions.values()):
            yield path, "procedure-task-never-ended", {}
    for path, opening, needs in _openings(procedure):
        yield from _of_opening(procedure, path, opening, needs)


def _openings(procedure: Procedure) -> Iterator[tuple[Path, TaskOpening, tuple[Need, ...]]]:
    """Yield everything that opens a task, with its path and with the needs of its action."""
    yield from ((("begins", "opens"), opening, procedure.begins.needs) for opening in procedure.begins.opens)
    for name, action in procedure.actions.items():
        yield from ((("actions", name, "opens"), opening, action.needs) for opening in action.opens)
        for no, branch in enumerate(action.branches):
            yield from (
                (("actions", name, "then", str(no), "opens"), opening, action.needs) for opening in branch.opens
            )


def _of_opening(
    procedure: Procedure, path: Path, opening: TaskOpening, needs: tuple[Need, ...]
) -> Iterator[ProcedureFault]:
    kind = procedure.tasks[opening.kind]
    named = {need.name: need for need in needs}
    if kind.held_by_unit and opening.again is None and opening.unit != OWN and not _names_units(named, opening.unit):
        yield path, "procedure-no-unit", {"task": kind.name, "unit": opening.unit}


def _is_for_own_unit(procedure: Procedure, opening: TaskOpening) -> bool:
    return opening.unit == OWN and opening.again is None and procedure.tasks[opening.kind].held_by_unit


def _names_units(needs: Mapping[str, Need], name: str) -> bool:
    need = needs.get(name)
    return need is not None and need.kind in (NeedKind.UNIT, NeedKind.UNITS) and need.required


def _of_action(procedure: Procedure, action: Action) -> Iterator[ProcedureFault]:
    path = ("actions", action.name)
    final = bool(action.to and procedure.stages[action.to].final)
    if final and action.opens:
        yield (*path, "opens"), "procedure-opens-in-closed", {"stage": action.to}
    yield from _of_branches(procedure, action, path)
    if action.at and action.role is None and not action.automatic:
        yield (*path, "role"), "procedure-no-role", {}
    if action.automatic and any(need.required for need in action.needs):
        yield (*path, "needs"), "procedure-automatic-asks", {}
    if action.automatic and any(_is_for_own_unit(procedure, opening) for opening in action.opens):
        yield (*path, "opens"), "procedure-automatic-own-unit", {}
    for name in action.sets:
        if name in OF_THE_CITY or name.startswith(KEPT_PREFIXES):
            yield (*path, "sets", name), "procedure-sets-fact-of-the-city", {"name": name}
    if not final and _could_strand(procedure, action):
        yield (*path, "opens"), "procedure-strands", {}
    yield from _of_final_stages(procedure, action, path)


def _of_branches(procedure: Procedure, action: Action, path: Path) -> Iterator[ProcedureFault]:
    for no, branch in enumerate(action.branches):
        target = branch.to or action.to
        if target and procedure.stages[target].final and (action.opens or branch.opens):
            yield (*path, "then", str(no)), "procedure-branch-opens-in-closed", {"stage": target}


def _could_strand(procedure: Procedure, action: Action) -> bool:
    """Return whether an action that leaves the case open certainly ends its last task."""
    if action.opens or action.branches or action.keeps:
        return False
    if action.on is None:
        from_closed = any(procedure.stages[stage].final for stage in action.at)
        return bool(action.ends) or (from_closed and action.to is not None)
    openings = [opening for _, opening, _ in _openings(procedure) if opening.kind == action.on]
    return not all(opening.under or opening.again for opening in openings)


def _of_final_stages(procedure: Procedure, action: Action, path: Path) -> Iterator[ProcedureFault]:
    closed = [stage for stage in action.at if procedure.stages[stage].final]
    reopens = bool(closed) and bool(action.opens)
    if reopens and (action.to is None or procedure.stages[action.to].final):
        yield (*path, "to"), "procedure-reopens-without-stage", {"stage": closed[0]}
    if reopens and procedure.case_limit and action.case_clock not in (CaseClock.RESTART, CaseClock.CONTINUE):
        yield (*path, "case_clock"), "procedure-case-clock-stopped", {}


def _of_clocks(procedure: Procedure) -> Iterator[ProcedureFault]:
    clocks = [action.case_clock for action in procedure.actions.values()]
    starts = CaseClock.START in (*clocks, procedure.begins.case_clock)
    if procedure.case_limit and not starts:
        yield ("case_limit",), "procedure-case-clock-never-started", {}
    if not procedure.case_limit and (starts or procedure.case_timers or any(clocks)):
        yield (), "procedure-case-clock-without-limit", {}
    if CaseClock.PAUSE in clocks and CaseClock.RESUME not in clocks:
        yield (), "procedure-case-clock-never-resumed", {}


def _of_stages(procedure: Procedure) -> Iterator[ProcedureFault]:
    graph = stage_graph(procedure)
    reached = graph.tasks
    for name in procedure.stages:
        if name not in reached:
            yield ("stages", name), "procedure-stage-not-reached", {}
    ending = {stage for stage in reached if procedure.stages[stage].final}
    while more := {move.from_stage for move in graph.transitions if move.to_stage in ending} - ending:
        ending |= more
    for name in reached:
        if name not in ending:
            yield ("stages", name), "procedure-stage-never-ends", {}
