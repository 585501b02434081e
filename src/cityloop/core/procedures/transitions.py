"""Which transitions between stages a procedure allows, found by following which tasks may be open in each.

A situation is a stage with its open tasks: of each kind none, one, or several. Only requirements that a situation
decides are checked; people, facts and earlier actions are unknown. So every move that the engine can make is among the
transitions found here. Diagrams are drawn in core/diagrams.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from heapq import heappop, heappush
from itertools import product

from cityloop.core.procedures.procedure import Action, Need, NeedKind, Procedure, TaskOpening
from cityloop.core.procedures.verdicts import SEVERAL, verdict

MOST_SITUATIONS = 2000  # followed one by one; a procedure with more is examined stage by stage

Kinds = tuple[str, ...]  # of the open tasks, in order; a kind occurs twice for several tasks


@dataclass(frozen=True, slots=True)
class Transition:
    """A transition that an action can make; from a stage to itself if the case stays in it."""

    from_stage: str
    to_stage: str
    action: str
    automatic: bool

    @property
    def stays(self) -> bool:
        return self.from_stage == self.to_stage


@dataclass(frozen=True, slots=True)
class StageGraph:
    """All transitions, in the order of declaration, and for every stage that is reached the tasks that may be open."""

    transitions: tuple[Transition, ...]
    tasks: Mapping[str, Kinds]


@dataclass(frozen=True, slots=True)
class _Situation:
    stage: str
    tasks: Kinds


@dataclass(frozen=True, slots=True)
class _Step:
    """A new situation in the making: which earlier tasks are left, and which are new."""

    stage: str
    old: Kinds
    new: Kinds


@dataclass(frozen=True, slots=True)
class _Context:
    """A procedure, with the kinds of task that are always under an open one, and those that may be under any."""

    procedure: Procedure
    parents: Mapping[str, set[str]]
    parted: frozenset[str]


_Found = tuple[set[Transition], dict[str, Kinds]]


def transitions(procedure: Procedure) -> tuple[Transition, ...]:
    """Return every transition between stages that the actions of the procedure can make."""
    return stage_graph(procedure).transitions


def stage_graph(procedure: Procedure) -> StageGraph:
    """Return the transitions, and which tasks may be open in each stage."""
    moves, tasks = _follow_situations(procedure) or _follow_stages(procedure)
    return StageGraph(_ordered(procedure, moves), tasks)


def main_path(procedure: Procedure, graph: StageGraph) -> list[str]:
    """Return the stages of the most direct path to a final stage: by main actions where possible."""
    names = list(procedure.stages)
    ahead = [(0, [names.index(procedure.begins.stage)])]
    seen: set[int] = set()
    while ahead:
        cost, path = heappop(ahead)
        stage = procedure.stages[names[path[-1]]]
        if stage.final:
            return [names[index] for index in path]
        if path[-1] not in seen:
            seen.add(path[-1])
            for move in (move for move in graph.transitions if move.from_stage == stage.name):
                heappush(ahead, (cost + _step_cost(procedure, move), [*path, names.index(move.to_stage)]))
    return [procedure.begins.stage]


def _step_cost(procedure: Procedure, move: Transition) -> int:
    if procedure.actions[move.action].main:
        return 1
    return 10_000 if move.automatic else 100


def _follow_situations(procedure: Procedure) -> _Found | None:
    """Return what following every situation finds; None if there are too many."""
    begins, context = procedure.begins, _context_of(procedure)
    seen = {_Situation(begins.stage, tuple(sorted(new))) for new in _opened(procedure, begins.opens, begins.needs)}
    moves: set[Transition] = set()
    ahead = list(seen)
    while ahead and len(seen) <= MOST_SITUATIONS:
        now = ahead.pop()
        for action in _possible(context, now):
            later = set(_after(context, now, action))
            moves.update(Transition(now.stage, situation.stage, action.name, action.automatic) for situation in later)
            ahead += later - seen
            seen |= later
    return None if ahead else (moves, _tasks_by_stage(procedure, seen))


def _follow_stages(procedure: Procedure) -> _Found:
    """Return the transitions that are possible if every task that some path leaves open in a stage may be open."""
    begins = procedure.begins
    tasks = {begins.stage: {opening.kind for opening in begins.opens}}
    moves: set[Transition] = set()
    before = -1
    while before != len(moves) + sum(map(len, tasks.values())):
        before = len(moves) + sum(map(len, tasks.values()))
        for stage, action in product(list(tasks), procedure.actions.values()):
            if action.on in tasks[stage] if action.on else stage in action.at:
                for to, ends, opens in _outcomes(action, stage):
                    left = set() if procedure.stages[to].final else tasks[stage] - set(ends)
                    tasks.setdefault(to, set()).update(left, opens)
                    moves.add(Transition(stage, to, action.name, action.automatic))
    return moves, _tasks_by_stage(procedure, (_Situation(stage, tuple(kinds)) for stage, kinds in tasks.items()))


def _outcomes(action: Action, stage: str) -> Iterator[tuple[str, Kinds, Kinds]]:
    """Yield the stages the action may lead to, with the kinds of task it ends and opens."""
    to, opens = action.to or stage, tuple(opening.kind for opening in action.opens)
    yield to, action.ends, opens
    for branch in action.branches:
        further = tuple(opening.kind for opening in branch.opens)
        yield branch.to or to, action.ends + branch.ends, opens + further


def _ordered(procedure: Procedure, moves: Iterable[Transition]) -> tuple[Transition, ...]:
    stages = {name: index for index, name in enumerate(procedure.stages)}
    actions = {name: index for index, name in enumerate(procedure.actions)}
    return tuple(sorted(moves, key=lambda move: (stages[move.from_stage], actions[move.action], stages[move.to_stage])))


def _tasks_by_stage(procedure: Procedure, seen: Iterable[_Situation]) -> dict[str, Kinds]:
    found: dict[str, set[str]] = {}
    for situation in seen:
        found.setdefault(situation.stage, set()).update(situation.tasks)
    return {
        stage: tuple(kind for kind in procedure.tasks if kind in found[stage])
        for stage in procedure.stages
        if stage in found
    }


def _possible(context: _Context, now: _Situation) -> Iterator[Action]:
    for action in context.procedure.actions.values():
        applies = action.on in now.tasks if action.on else now.stage in action.at
        verdicts = (
            verdict(requirement, now.stage, now.tasks, action, context.parted) for requirement in action.requires
        )
        if applies and False not in verdicts:
            yield action


def _after(context: _Context, now: _Situation, action: Action) -> Iterator[_Situation]:
    """Yield every situation that the action may lead to."""
    procedure = context.procedure
    for left, new in product(_left(now.tasks, action), _opened(procedure, action.opens, action.needs)):
        plain = _Step(action.to or now.stage, _without(left, action.ends), new)
        for step in _branched(context, action, plain):
            later = _situation_after(context, step)
            if (
                later.tasks or procedure.stages[later.stage].final
            ):  # the engine refuses an action that leaves nobody with a task
                yield later


def _left(tasks: Kinds, action: Action) -> Iterator[Kinds]:
    """Yield the tasks left when the action's own is done; of several, one or several may be left."""
    if action.on is None or action.keeps:
        yield tasks
        return
    index = tasks.index(action.on)
    yield tasks[:index] + tasks[index + 1 :]
    if tasks.count(action.on) == SEVERAL:
        yield tasks


def _branched(context: _Context, action: Action, plain: _Step) -> Iterator[_Step]:
    """Yield the result of the first branch that holds; if that is unknown, the results of the later ones too."""
    state = _situation_after(context, plain)
    for branch in action.branches:
        holds = verdict(branch.requirement, state.stage, state.tasks, action, context.parted)
        if holds is not False:
            for further in _opened(context.procedure, branch.opens, action.needs):
                yield _Step(branch.to or plain.stage, _without(plain.old, branch.ends), plain.new + further)
        if holds:
            return
    yield plain


def _situation_after(context: _Context, step: _Step) -> _Situation:
    """Return the situation: closing ends all open tasks, and no sub-task outlives the task that it is under."""
    old = () if context.procedure.stages[step.stage].final else step.old
    for kind, parents in context.parents.items():
        if not parents.intersection(old):
            old = _without(old, (kind,))
    tasks = sorted(old + step.new)
    return _Situation(step.stage, tuple(kind for at, kind in enumerate(tasks) if tasks[:at].count(kind) < SEVERAL))


def _context_of(procedure: Procedure) -> _Context:
    parents: dict[str, set[str]] = {}
    alone = {opening.kind for opening in procedure.begins.opens}
    parted = set()
    for action in procedure.actions.values():
        for opening in (*action.opens, *(opening for branch in action.branches for opening in branch.opens)):
            if opening.under:
                parted.add(opening.kind)
            if opening.under and action.keeps and action.on and not opening.again:
                parents.setdefault(opening.kind, set()).add(action.on)
            else:
                alone.add(opening.kind)
    always_under = {kind: parents[kind] for kind in procedure.tasks if kind in parents and kind not in alone}
    return _Context(procedure, always_under, frozenset(parted))


def _opened(procedure: Procedure, openings: tuple[TaskOpening, ...], needs: tuple[Need, ...]) -> Iterator[Kinds]:
    """Yield the tasks that may be opened."""
    known = {need.name: need for need in needs}
    for numbers in product(*(_numbers(procedure, opening, known.get(opening.unit)) for opening in openings)):
        pairs = zip(openings, numbers, strict=True)
        yield tuple(opening.kind for opening, number in pairs for _ in range(number))


def _numbers(procedure: Procedure, opening: TaskOpening, need: Need | None) -> tuple[int, ...]:
    """Return how many tasks an opening may open: one, or one for each unit that is named."""
    if opening.again or opening.unit == "own" or not procedure.tasks[opening.kind].held_by_unit:
        return (1,)
    if need is None:
        return (0,)
    several = (SEVERAL,) if need.kind is NeedKind.UNITS else ()
    return (1, *several) if need.required else (0, 1, *several)


def _without(tasks: Kinds, kinds: Iterable[str]) -> Kinds:
    removed = set(kinds)
    return tuple(kind for kind in tasks if kind not in removed)
