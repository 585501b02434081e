"""The shortest way to every action of a procedure, found in the engine alone. No test is here, and no database.

Breadth first from the beginning: everybody of the town does what falls to their posts, as if these were for the whole
city, with right answers, and timers run out. Situations that every requirement of the procedure sees alike are
followed once.
"""

import ast
from collections import Counter, deque
from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import combinations

from cityloop.core.actors import Actor, Post
from cityloop.core.clocks.history import ClockEventKind
from cityloop.core.errors import Refusal
from cityloop.core.procedures import waking
from cityloop.core.procedures.casefile import CaseState, Move, TaskState, after
from cityloop.core.procedures.deciding import begin, decide, refusal
from cityloop.core.procedures.needs import DIGEST
from cityloop.core.procedures.opening import Terms
from cityloop.core.procedures.procedure import (
    Action,
    Need,
    NeedKind,
    Procedure,
    Requirement,
    Words,
)
from example import NOW, PEOPLE

UNITS = ("roads", "parks", "lamps", "drains")  # where a unit is to be named, the first that may be
CATEGORY = "06010"
ALIKE = 2  # so many tasks of a kind, or times that something was done, or more
ACTORS = {username: Actor(username, username, (Post(role, unit),)) for username, (role, unit, _) in PEOPLE.items()}


@dataclass(frozen=True, slots=True)
class Step:
    """One action on the way; username None: a timer does it."""

    action: str
    task: int
    username: str | None
    answers: Words
    at: datetime


@dataclass(frozen=True, slots=True)
class Situation:
    """A case, the way it came, and the moment."""

    case: CaseState
    steps: tuple[Step, ...]
    now: datetime


Plans = dict[str, tuple[Step, ...]]


def plans(way: Procedure, terms: Terms, district: str) -> Plans:
    """Return the shortest way to every action of a procedure, the action itself as its last step."""
    first = Situation(_begun(way, terms, district), (), NOW)
    found: Plans = {}
    ahead, seen = deque([first]), {_seen_as(way, first.case)}
    while ahead and len(found) < len(way.actions):
        for later in _following(way, ahead.popleft(), terms, district):
            if later.steps[-1].action in way.actions:  # a timer may only note something
                found.setdefault(later.steps[-1].action, later.steps)
            if (seen_as := _seen_as(way, later.case)) not in seen:
                seen.add(seen_as)
                ahead.append(later)
    return found


def answers(needs: tuple[Need, ...], units: tuple[str, ...], district: str) -> dict[str, str]:
    """Return right answers to everything that is asked for; photos only where there must be some."""
    asked = [need for need in needs if need.required or need.kind is not NeedKind.PHOTOS]
    return {need.name: _answer(need, units, district) for need in asked}


def _answer(need: Need, units: tuple[str, ...], district: str) -> str:
    right = {
        NeedKind.CATEGORY: CATEGORY,
        NeedKind.CONDITION: f"{CATEGORY} 1",
        NeedKind.DISTRICT: district,
        NeedKind.UNIT: units[0],
        NeedKind.UNITS: " ".join(units),
        NeedKind.NUMBER: "2",
        NeedKind.DATE: (NOW + timedelta(days=30)).date().isoformat(),
        NeedKind.PHOTOS: " ".join(f"{no:0{DIGEST}x}" for no in range(need.least)),
        NeedKind.TEXT: "已到现场看过",
    }
    return need.choices[0][0] if need.kind is NeedKind.CHOICE else right[need.kind]


def _begun(way: Procedure, terms: Terms, district: str) -> CaseState:
    by = next((actor.posts[0] for actor in ACTORS.values() if actor.posts[0].role == way.begins.role), None)
    said = answers(way.begins.needs, UNITS[:1], district)
    move = begin(way, {"district": district}, {}, NOW, terms, inputs=said, by=by)
    return after(None, move, "beginner", NOW)


def _following(way: Procedure, here: Situation, terms: Terms, district: str) -> Iterator[Situation]:
    for action in way.actions.values():
        for task_no in _places(here.case, action):
            for username, actor in ACTORS.items():
                allowed = refusal(way, here.case, action, task_no, actor, here.now, terms.calendar) is None
                if allowed and (found := _done(way, here, action, task_no, username, terms, district)):
                    yield found
                    break
    yield from _woken(way, here, terms)


def _places(case: CaseState, action: Action) -> tuple[int, ...]:
    if action.on is None:
        return (0,)
    return tuple(task.no for task in case.open_tasks if task.kind == action.on)


def _done(
    way: Procedure, here: Situation, action: Action, task_no: int, username: str, terms: Terms, district: str
) -> Situation | None:
    number = max((need.least for need in action.needs if need.kind is NeedKind.UNITS), default=1)
    for units in combinations(UNITS, number):
        said = answers(action.needs, units, district)
        try:
            move = decide(way, here.case, action.name, task_no, ACTORS[username], said, here.now, terms)
        except Refusal:
            continue
        return _after(here, move, Step(action.name, task_no, username, said, here.now))
    return None


def _woken(way: Procedure, here: Situation, terms: Terms) -> Iterator[Situation]:
    """Yield the situation after each thing that the next timers to run out bring about."""
    timers = [one.wake_at for one in (here.case, *here.case.open_tasks) if one.wake_at]
    if not here.case.is_open or not timers:
        return
    now = max(here.now, min(timers) + timedelta(minutes=1))
    while move := waking.woken(way, here.case, now, terms):
        here = _after(Situation(here.case, here.steps, now), move, Step(move.action, move.task or 0, None, {}, now))
        yield here


def _after(here: Situation, move: Move, step: Step) -> Situation:
    return Situation(after(here.case, move, step.username or "system", here.now), (*here.steps, step), here.now)


def _seen_as(way: Procedure, case: CaseState) -> Hashable:
    """Return what the requirements of the procedure can tell cases apart by."""
    conditions = [one.condition for one in _requirements(way) if one.condition]
    names = {node.id for one in conditions for node in ast.walk(one.tree) if isinstance(node, ast.Name)}
    guarded = {one.guard.kind for one in _requirements(way) if one.guard}
    waiting = Counter((one.kind, one.unit, one.fired, _extensions(one)) for one in case.open_tasks)
    visit = (one for one in case.tasks if one.kind in guarded and one.done_at and one.batch >= case.stage_since)
    return (
        case.stage,
        _capped(waiting),
        _capped(Counter((one.kind, one.unit, one.outcome) for one in visit)),
        tuple((name, case.facts.get(name)) for name in sorted(names & case.facts.keys())),
        tuple(min(times, ALIKE) for name, times in sorted(case.done.items()) if f"times_{name}" in names),
        case.handling_units,
        case.fired,
    )


def _requirements(way: Procedure) -> Iterator[Requirement]:
    for action in way.actions.values():
        yield from action.requires
        yield from (branch.requirement for branch in action.branches)


def _extensions(task: TaskState) -> int:
    return sum(fact.kind is ClockEventKind.EXTENDED for fact in task.facts)


def _capped(counted: Counter[Hashable]) -> Hashable:
    return frozenset((what, min(count, ALIKE)) for what, count in counted.items())
