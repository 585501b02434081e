"""Which moves between stages a procedure allows, found by following which tasks may be open where. Nothing is drawn.

What is followed is a stage with its open tasks: of each kind none, one, or several. A requirement that these decide is
heeded; people, facts and what was done before are not. So every move that the engine can make is among the moves found
here.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from heapq import heappop, heappush
from itertools import product

from cityloop.core.procedures.procedure import Action, Need, NeedKind, Procedure, TaskOpening
from cityloop.core.procedures.verdicts import SEVERAL, verdict

MOST_SITUATIONS = 2000  # followed one by one; a procedure with more is looked at stage by stage

Kinds = tuple[str, ...]  # of the open tasks, in order; a kind stands twice for several tasks


@dataclass(frozen=True, slots=True)
class Transition:
    """A move that an action can make; from a stage to itself where the case stays."""

    from_stage: str
    to_stage: str
    action: str
    automatic: bool

    @property
    def stays(self) -> bool:
        return self.from_stage == self.to_stage


@dataclass(frozen=True, slots=True)
class Ways:
    """All moves, in the order of the declaration, and for every stage that is reached the tasks that may be open."""

    transitions: tuple[Transition, ...]
    tasks: Mapping[str, Kinds]


@dataclass(frozen=True, slots=True)
class _Situation:
    stage: str
    tasks: Kinds


@dataclass(frozen=True, slots=True)
class _Step:
    """A situation coming about: which tasks of before are left, and which are new."""

    stage: str
    old: Kinds
    new: Kinds


@dataclass(frozen=True, slots=True)
class _Ground:
    """A procedure, with the kinds of task that are always under an open one, and those that may be under any."""

    procedure: Procedure
    parents: Mapping[str, set[str]]
    parted: frozenset[str]


_Found = tuple[set[Transition], dict[str, Kinds]]


def transitions(procedure: Procedure) -> tuple[Transition, ...]:
    """Return every move between stages that the procedure's actions can make."""
    return ways(procedure).transitions


def ways(procedure: Procedure) -> Ways:
    """Return the moves, and which tasks may be open where."""
    moves, tasks = _followed(procedure) or _joined(procedure)
    return Ways(_ordered(procedure, moves), tasks)


def main_path(procedure: Procedure, found: Ways) -> list[str]:
    """Return the stages of the straightest way to an end: by main actions where they lead there, else by others."""
    names = list(procedure.stages)
    ahead = [(0, [names.index(procedure.begins.stage)])]
    seen: set[int] = set()
    while ahead:
        cost, way = heappop(ahead)
        here = procedure.stages[names[way[-1]]]
        if here.final:
            return [names[place] for place in way]
        if way[-1] not in seen:
            seen.add(way[-1])
            for move in (one for one in found.transitions if one.from_stage == here.name):
                heappush(ahead, (cost + _crookedness(procedure, move), [*way, names.index(move.to_stage)]))
    return [procedure.begins.stage]


def _crookedness(procedure: Procedure, move: Transition) -> int:
    if procedure.actions[move.action].main:
        return 1
    return 10_000 if move.automatic else 100


def _followed(procedure: Procedure) -> _Found | None:
    """Return what following every situation finds; None where there are too many."""
    begins, ground = procedure.begins, _ground(procedure)
    seen = {_Situation(begins.stage, tuple(sorted(new))) for new in _opened(procedure, begins.opens, begins.needs)}
    moves: set[Transition] = set()
    ahead = list(seen)
    while ahead and len(seen) <= MOST_SITUATIONS:
        now = ahead.pop()
        for action in _possible(ground, now):
            later = set(_after(ground, now, action))
            moves.update(Transition(now.stage, one.stage, action.name, action.automatic) for one in later)
            ahead += later - seen
            seen |= later
    return None if ahead else (moves, _tasks(procedure, seen))


def _joined(procedure: Procedure) -> _Found:
    """Return the moves that are possible where every task that some way leaves open in a stage may be open there."""
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
    return moves, _tasks(procedure, (_Situation(stage, tuple(kinds)) for stage, kinds in tasks.items()))


def _outcomes(action: Action, stage: str) -> Iterator[tuple[str, Kinds, Kinds]]:
    """Yield where the action may lead, which kinds of task it ends and which it opens."""
    to, opens = action.to or stage, tuple(opening.kind for opening in action.opens)
    yield to, action.ends, opens
    for branch in action.branches:
        further = tuple(opening.kind for opening in branch.opens)
        yield branch.to or to, action.ends + branch.ends, opens + further


def _ordered(procedure: Procedure, moves: Iterable[Transition]) -> tuple[Transition, ...]:
    stages = {name: place for place, name in enumerate(procedure.stages)}
    actions = {name: place for place, name in enumerate(procedure.actions)}
    return tuple(sorted(moves, key=lambda t: (stages[t.from_stage], actions[t.action], stages[t.to_stage])))


def _tasks(procedure: Procedure, seen: Iterable[_Situation]) -> dict[str, Kinds]:
    found: dict[str, set[str]] = {}
    for situation in seen:
        found.setdefault(situation.stage, set()).update(situation.tasks)
    return {
        stage: tuple(kind for kind in procedure.tasks if kind in found[stage])
        for stage in procedure.stages
        if stage in found
    }


def _possible(ground: _Ground, now: _Situation) -> Iterator[Action]:
    for action in ground.procedure.actions.values():
        here = action.on in now.tasks if action.on else now.stage in action.at
        verdicts = (verdict(one, now.stage, now.tasks, action, ground.parted) for one in action.requires)
        if here and False not in verdicts:
            yield action


def _after(ground: _Ground, now: _Situation, action: Action) -> Iterator[_Situation]:
    """Yield every situation that the action may bring about."""
    procedure = ground.procedure
    for left, new in product(_left(now.tasks, action), _opened(procedure, action.opens, action.needs)):
        plain = _Step(action.to or now.stage, _without(left, action.ends), new)
        for step in _branched(ground, action, plain):
            later = _settled(ground, step)
            if later.tasks or procedure.stages[later.stage].final:  # the engine lets no case stop half-way
                yield later


def _left(tasks: Kinds, action: Action) -> Iterator[Kinds]:
    """Yield the tasks left when the action's own is done; of several there may be one left, or several still."""
    if action.on is None or action.keeps:
        yield tasks
        return
    place = tasks.index(action.on)
    yield tasks[:place] + tasks[place + 1 :]
    if tasks.count(action.on) == SEVERAL:
        yield tasks


def _branched(ground: _Ground, action: Action, plain: _Step) -> Iterator[_Step]:
    """Yield what follows from the first branch that holds; where it is not known whether it holds, the others too."""
    state = _settled(ground, plain)
    for branch in action.branches:
        holds = verdict(branch.requirement, state.stage, state.tasks, action, ground.parted)
        if holds is not False:
            for further in _opened(ground.procedure, branch.opens, action.needs):
                yield _Step(branch.to or plain.stage, _without(plain.old, branch.ends), plain.new + further)
        if holds:
            return
    yield plain


def _settled(ground: _Ground, step: _Step) -> _Situation:
    """Return the situation: closing ends what was open, and no sub-task outlives the task that it is under."""
    old = () if ground.procedure.stages[step.stage].final else step.old
    for kind, parents in ground.parents.items():
        if not parents.intersection(old):
            old = _without(old, (kind,))
    tasks = sorted(old + step.new)
    return _Situation(step.stage, tuple(one for at, one in enumerate(tasks) if tasks[:at].count(one) < SEVERAL))


def _ground(procedure: Procedure) -> _Ground:
    parents: dict[str, set[str]] = {}
    alone = {opening.kind for opening in procedure.begins.opens}
    parted = set()
    for action in procedure.actions.values():
        for opening in (*action.opens, *(one for branch in action.branches for one in branch.opens)):
            if opening.under:
                parted.add(opening.kind)
            if opening.under and action.keeps and action.on and not opening.again:
                parents.setdefault(opening.kind, set()).add(action.on)
            else:
                alone.add(opening.kind)
    always_under = {kind: parents[kind] for kind in procedure.tasks if kind in parents and kind not in alone}
    return _Ground(procedure, always_under, frozenset(parted))


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
    gone = set(kinds)
    return tuple(kind for kind in tasks if kind not in gone)
