"""What makes a declared procedure sound: every name stands for something, every stage can be reached and left, every
task can end and has somebody to go to, every limit has a clock. Pure; what is asked for and told is checked in
asking.py, roles and other procedures above.

A fault is told with the path of its field and with what to do.
"""

from collections.abc import Iterable, Iterator, Mapping

from cityloop.core.procedures import asking
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
from cityloop.core.procedures.transitions import ways

Fault = tuple[tuple[str, ...], str]

OF_THE_CITY = {  # facts that say where a case comes from and lies; no action sets them by itself
    "category", "channel", "community", "condition", "crs", "district", "duty", "external_id", "grids", "lat", "lon",
    "number", "origin", "origin_units", "procedure", "raw_lat", "raw_lon", "receipt", "reported_at", "request",
    "street", "unit_grid", "version",
}  # fmt: skip
KEPT_SO = ("limit_", "asked_")


def faults(procedure: Procedure) -> Iterator[Fault]:
    """Yield everything that is wrong with a procedure, by the path of the field."""
    unknown = list(_unknown_names(procedure))
    yield from unknown
    if unknown:  # what follows would be about names that stand for nothing
        return
    yield from _of_tasks(procedure)
    for action in procedure.actions.values():
        yield from _of_action(procedure, action)
    yield from asking.faults(procedure)
    yield from _of_clocks(procedure)
    yield from _of_ways(procedure)


def _unknown_names(procedure: Procedure) -> Iterator[Fault]:
    yield from _missing(("begins", "stage"), [procedure.begins.stage], procedure.stages, "stage")
    yield from _missing(("begins", "opens"), [one.kind for one in procedure.begins.opens], procedure.tasks, "task")
    yield from _missing(("begins", "documents"), procedure.begins.documents, procedure.documents, "document")
    for name, kind in procedure.tasks.items():
        yield from _timer_actions(procedure, ("tasks", name, "timers"), kind.timers, name)
    yield from _timer_actions(procedure, ("case_timers",), procedure.case_timers, None)
    for name, action in procedure.actions.items():
        yield from _unknown_in(procedure, ("actions", name), action)


def _unknown_in(procedure: Procedure, where: tuple[str, ...], action: Action) -> Iterator[Fault]:
    if (action.on is None) == (not action.at):
        yield where, "say either on which kind of task it is done (on), or in which stages of the case (at)"
    yield from _missing((*where, "on"), [action.on] if action.on else [], procedure.tasks, "task")
    yield from _missing((*where, "at"), action.at, procedure.stages, "stage")
    yield from _missing((*where, "ends"), action.ends, procedure.tasks, "task")
    yield from _missing((*where, "documents"), action.documents, procedure.documents, "document")
    yield from _missing((*where, "to"), [action.to] if action.to else [], procedure.stages, "stage")
    yield from _missing((*where, "opens"), [one.kind for one in action.opens], procedure.tasks, "task")
    for no, required in enumerate(action.requires):
        yield from _of_guard(procedure, (*where, "requires", str(no)), required.guard)
    for no, branch in enumerate(action.branches):
        here = (*where, "then", str(no))
        yield from _of_guard(procedure, here, branch.requirement.guard)
        yield from _missing((*here, "to"), [branch.to] if branch.to else [], procedure.stages, "stage")
        yield from _missing((*here, "opens"), [one.kind for one in branch.opens], procedure.tasks, "task")
        yield from _missing((*here, "ends"), branch.ends, procedure.tasks, "task")


def _of_guard(procedure: Procedure, where: tuple[str, ...], guard: Guard | None) -> Iterator[Fault]:
    if guard is None:
        return
    yield from _missing(
        (*where, "of" if guard.count == "quorum" else guard.count.value), [guard.kind], procedure.tasks, "task"
    )
    outcomes = {action.name for action in procedure.actions.values() if action.on == guard.kind and not action.keeps}
    for outcome in guard.outcomes:
        if outcome not in outcomes:
            known = ", ".join(sorted(outcomes)) or "none"
            yield (*where, "by"), f"{outcome} does not end a task {guard.kind}; the actions that do: {known}"


def _timer_actions(
    procedure: Procedure, where: tuple[str, ...], timers: Iterable[Timer], kind: str | None
) -> Iterator[Fault]:
    for timer in timers:
        name = timer.action
        action = procedure.actions.get(name) if name else None
        if name and action is None:
            yield where, f"there is no action {name}; declare one with automatic: true"
        elif action and not action.automatic:
            yield where, f"{name} is done by people; an action that a timer does says automatic: true"
        elif action and action.on != kind:
            done = f"on: {kind}" if kind else "at: and the stages"
            yield where, f"{name} is not done there; give it {done}"


def _missing(where: tuple[str, ...], names: Iterable[str], known: Iterable[str], what: str) -> Iterator[Fault]:
    for name in names:
        if name not in set(known):
            yield where, f"there is no {what} {name}; declared are {', '.join(known) or 'none'}"


def _of_tasks(procedure: Procedure) -> Iterator[Fault]:
    if not procedure.begins.opens:
        yield ("begins", "opens"), "nobody would hold a new case: open a task"
    opened = {one.kind for _, one, _ in _openings(procedure)}
    for name in procedure.tasks:
        where = ("tasks", name)
        if name not in opened:
            yield where, "nothing opens such a task: add it to the opens of an action, or take it out"
        if not any(action.on == name and not action.keeps for action in procedure.actions.values()):
            yield where, "no action ends it, so it could never be done: add an action on it that does not keep it"
    for place, opening, needs in _openings(procedure):
        yield from _of_opening(procedure, place, opening, needs)


def _openings(procedure: Procedure) -> Iterator[tuple[tuple[str, ...], TaskOpening, tuple[Need, ...]]]:
    """Yield everything that opens a task: where, what, and what is asked for there."""
    yield from ((("begins", "opens"), one, procedure.begins.needs) for one in procedure.begins.opens)
    for name, action in procedure.actions.items():
        yield from ((("actions", name, "opens"), one, action.needs) for one in action.opens)
        for no, branch in enumerate(action.branches):
            yield from ((("actions", name, "then", str(no), "opens"), one, action.needs) for one in branch.opens)


def _of_opening(
    procedure: Procedure, where: tuple[str, ...], opening: TaskOpening, needs: tuple[Need, ...]
) -> Iterator[Fault]:
    kind = procedure.tasks[opening.kind]
    named = {need.name: need for need in needs}
    if kind.held_by_unit and opening.again is None and opening.unit != OWN and not _names_units(named, opening.unit):
        yield (
            where,
            (
                f"{kind.name} is held by a unit, and nothing says by which: ask for it with a required need named "
                f"{opening.unit} of the kind unit or units, or write unit: own, or again: continued"
            ),
        )


def _is_for_own_unit(procedure: Procedure, opening: TaskOpening) -> bool:
    return opening.unit == OWN and opening.again is None and procedure.tasks[opening.kind].held_by_unit


def _names_units(needs: Mapping[str, Need], name: str) -> bool:
    need = needs.get(name)
    return need is not None and need.kind in (NeedKind.UNIT, NeedKind.UNITS) and need.required


def _of_action(procedure: Procedure, action: Action) -> Iterator[Fault]:
    where = ("actions", action.name)
    final = bool(action.to and procedure.stages[action.to].final)
    if final and action.opens:
        yield (*where, "opens"), f"the case is closed in {action.to}: no task can be opened there"
    yield from _of_branches(procedure, action, where)
    if action.at and action.role is None and not action.automatic:
        yield (*where, "role"), "nobody may do it: say which role may"
    if action.automatic and any(need.required for need in action.needs):
        yield (*where, "needs"), "the system answers no questions: an automatic action asks for nothing"
    if action.automatic and any(_is_for_own_unit(procedure, one) for one in action.opens):
        yield (*where, "opens"), "the system has no unit of its own: an automatic action cannot say unit: own"
    for name in action.sets:
        if name in OF_THE_CITY or name.startswith(KEPT_SO):
            yield (*where, "sets", name), f"{name} is a fact that the city keeps itself: set one of another name"
    if not final and _could_strand(procedure, action):
        yield (*where, "opens"), "after it nobody would hold a task: open one, keep this one, or lead to a final stage"
    yield from _of_final_stages(procedure, action, where)


def _of_branches(procedure: Procedure, action: Action, where: tuple[str, ...]) -> Iterator[Fault]:
    for no, branch in enumerate(action.branches):
        target = branch.to or action.to
        if target and procedure.stages[target].final and (action.opens or branch.opens):
            yield (
                (*where, "then", str(no)),
                f"it closes the case in {target}, and a task is opened: take one of them out",
            )


def _could_strand(procedure: Procedure, action: Action) -> bool:
    """Return whether an action that leaves the case open surely takes its last task away."""
    if action.opens or action.branches or action.keeps:
        return False
    if action.on is None:
        from_closed = any(procedure.stages[stage].final for stage in action.at)
        return bool(action.ends) or (from_closed and action.to is not None)
    ways = [opening for _, opening, _ in _openings(procedure) if opening.kind == action.on]
    return not all(opening.under or opening.again for opening in ways)


def _of_final_stages(procedure: Procedure, action: Action, where: tuple[str, ...]) -> Iterator[Fault]:
    closed = [stage for stage in action.at if procedure.stages[stage].final]
    reopens = bool(closed) and bool(action.opens)
    if reopens and (action.to is None or procedure.stages[action.to].final):
        yield (
            (*where, "to"),
            f"it opens a task in {closed[0]}, where the case is closed: say to which stage it goes back",
        )
    if reopens and procedure.case_limit and action.case_clock not in (CaseClock.RESTART, CaseClock.CONTINUE):
        yield (*where, "case_clock"), "the case's clock has stopped: say whether it is to restart or to continue"


def _of_clocks(procedure: Procedure) -> Iterator[Fault]:
    clocks = [action.case_clock for action in procedure.actions.values()]
    starts = CaseClock.START in (*clocks, procedure.begins.case_clock)
    if procedure.case_limit and not starts:
        yield ("case_limit",), "nothing starts the case's clock: give an action, or the beginning, case_clock: start"
    if not procedure.case_limit and (starts or procedure.case_timers or any(clocks)):
        yield (), "the case's clock is used, but has no limit: give the procedure a case_limit"
    if CaseClock.PAUSE in clocks and CaseClock.RESUME not in clocks:
        yield (), "an action pauses the case's clock and none resumes it"


def _of_ways(procedure: Procedure) -> Iterator[Fault]:
    found = ways(procedure)
    reached = found.tasks
    for name in procedure.stages:
        if name not in reached:
            why = "no way leads there that leaves somebody with a task: let an action go to it, or take it out"
            yield ("stages", name), why
    ending = {stage for stage in reached if procedure.stages[stage].final}
    while more := {move.from_stage for move in found.transitions if move.to_stage in ending} - ending:
        ending |= more
    for name in reached:
        if name not in ending:
            yield ("stages", name), "no way leads from there to a final stage: the case could never be closed"
