"""Finds the shortest path to every action of a procedure with the engine alone: no tests here, and no database.

The search is breadth first from the beginning: everybody does what their posts allow, as if these were for the whole
city, with valid answers, and timers expire. Situations that no requirement of the procedure can tell apart are followed
once.
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

UNITS = ("roads", "parks", "lamps", "drains")  # the first of these that is allowed is chosen
CATEGORY = "06010"
COMPARED_UP_TO = 2  # counts of tasks or of actions done are compared up to this number
ACTORS = {username: Actor(username, username, (Post(role, unit),)) for username, (role, unit, _) in PEOPLE.items()}


@dataclass(frozen=True, slots=True)
class Step:
    """One action on the path; username None: a timer does it."""

    action: str
    task: int
    username: str | None
    answers: Words
    at: datetime


@dataclass(frozen=True, slots=True)
class Situation:
    """A case, the steps that led to it, and the moment."""

    case: CaseState
    steps: tuple[Step, ...]
    now: datetime


Plans = dict[str, tuple[Step, ...]]


def plans(procedure: Procedure, terms: Terms, district: str) -> Plans:
    """Return the shortest path to every action of a procedure, with the action itself as its last step."""
    first = Situation(_begun(procedure, terms, district), (), NOW)
    found: Plans = {}
    queue, seen = deque([first]), {_signature(procedure, first.case)}
    while queue and len(found) < len(procedure.actions):
        for following in _next_situations(procedure, queue.popleft(), terms, district):
            if following.steps[-1].action in procedure.actions:  # a timer may only note something
                found.setdefault(following.steps[-1].action, following.steps)
            if (signature := _signature(procedure, following.case)) not in seen:
                seen.add(signature)
                queue.append(following)
    return found


def answers(needs: tuple[Need, ...], units: tuple[str, ...], district: str) -> dict[str, str]:
    """Return valid answers to all needs; photos only if they are required."""
    answered = [need for need in needs if need.required or need.kind is not NeedKind.PHOTOS]
    return {need.name: _answer(need, units, district) for need in answered}


def _answer(need: Need, units: tuple[str, ...], district: str) -> str:
    valid = {
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
    return need.choices[0][0] if need.kind is NeedKind.CHOICE else valid[need.kind]


def _begun(procedure: Procedure, terms: Terms, district: str) -> CaseState:
    by = next((actor.posts[0] for actor in ACTORS.values() if actor.posts[0].role == procedure.begins.role), None)
    inputs = answers(procedure.begins.needs, UNITS[:1], district)
    move = begin(procedure, {"district": district}, {}, NOW, terms, inputs=inputs, by=by)
    return after(None, move, "beginner", NOW)


def _next_situations(procedure: Procedure, situation: Situation, terms: Terms, district: str) -> Iterator[Situation]:
    for action in procedure.actions.values():
        for task_no in _task_numbers(situation.case, action):
            for username, actor in ACTORS.items():
                allowed = (
                    refusal(procedure, situation.case, action, task_no, actor, situation.now, terms.calendar) is None
                )
                if allowed and (
                    found := _after_action(procedure, situation, action, task_no, username, terms, district)
                ):
                    yield found
                    break
    yield from _after_timers(procedure, situation, terms)


def _task_numbers(case: CaseState, action: Action) -> tuple[int, ...]:
    if action.on is None:
        return (0,)
    return tuple(task.no for task in case.open_tasks if task.kind == action.on)


def _after_action(
    procedure: Procedure, situation: Situation, action: Action, task_no: int, username: str, terms: Terms, district: str
) -> Situation | None:
    number = max((need.least for need in action.needs if need.kind is NeedKind.UNITS), default=1)
    for units in combinations(UNITS, number):
        inputs = answers(action.needs, units, district)
        try:
            move = decide(
                procedure, situation.case, action.name, task_no, ACTORS[username], inputs, situation.now, terms
            )
        except Refusal:
            continue
        return _after(situation, move, Step(action.name, task_no, username, inputs, situation.now))
    return None


def _after_timers(procedure: Procedure, situation: Situation, terms: Terms) -> Iterator[Situation]:
    """Yield the situation after each move of the next timers to expire."""
    timers = [timed.wake_at for timed in (situation.case, *situation.case.open_tasks) if timed.wake_at]
    if not situation.case.is_open or not timers:
        return
    now = max(situation.now, min(timers) + timedelta(minutes=1))
    while move := waking.woken(procedure, situation.case, now, terms):
        situation = _after(
            Situation(situation.case, situation.steps, now), move, Step(move.action, move.task or 0, None, {}, now)
        )
        yield situation


def _after(situation: Situation, move: Move, step: Step) -> Situation:
    return Situation(
        after(situation.case, move, step.username or "system", situation.now), (*situation.steps, step), situation.now
    )


def _signature(procedure: Procedure, case: CaseState) -> Hashable:
    """Return what the requirements of the procedure can distinguish cases by."""
    conditions = [requirement.condition for requirement in _requirements(procedure) if requirement.condition]
    names = {node.id for condition in conditions for node in ast.walk(condition.tree) if isinstance(node, ast.Name)}
    guarded = {requirement.guard.kind for requirement in _requirements(procedure) if requirement.guard}
    waiting = Counter((task.kind, task.unit, task.fired, _extensions(task)) for task in case.open_tasks)
    visit = (task for task in case.tasks if task.kind in guarded and task.done_at and task.batch >= case.stage_since)
    return (
        case.stage,
        _capped(waiting),
        _capped(Counter((task.kind, task.unit, task.outcome) for task in visit)),
        tuple((name, case.facts.get(name)) for name in sorted(names & case.facts.keys())),
        tuple(min(times, COMPARED_UP_TO) for name, times in sorted(case.done.items()) if f"times_{name}" in names),
        case.handling_units,
        case.fired,
    )


def _requirements(procedure: Procedure) -> Iterator[Requirement]:
    for action in procedure.actions.values():
        yield from action.requires
        yield from (branch.requirement for branch in action.branches)


def _extensions(task: TaskState) -> int:
    return sum(fact.kind is ClockEventKind.EXTENDED for fact in task.facts)


def _capped(counted: Counter[Hashable]) -> Hashable:
    return frozenset((what, min(count, COMPARED_UP_TO)) for what, count in counted.items())
