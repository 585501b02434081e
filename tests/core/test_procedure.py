"""Random walks through every shipped procedure: whatever people try, the invariants hold."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cityloop.casework import history
from cityloop.core import procedure
from cityloop.core.errors import Invalid, Refusal
from cityloop.core.procedure import Actor, Case, Part, Post, Procedure
from cityloop.core.worktime import Due, Limit, Window
from cityloop.registry.packs import SHIPPED
from cityloop.registry.procedure_texts import read_procedure

BEGAN = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
PROCEDURES = [read_procedure(path) for path in sorted(SHIPPED.glob("*/procedure*.yaml"))]
UNITS = ("centre", "roads", "parks")


def due_after(start: datetime, limit: Limit) -> Due:
    """A clock that runs day and night: which clock it is does not matter to the engine."""
    end = start + timedelta(hours=limit.amount)
    return Due(end, (Window(start, end),), provisional=False)


def actors(way: Procedure) -> st.SearchStrategy[Actor]:
    """People with one or two posts of the procedure's roles."""
    roles = sorted({kind.role for kind in way.tasks.values()})
    posts = st.builds(Post, st.sampled_from(roles), st.sampled_from(UNITS), st.sampled_from([None, "north", "south"]))
    names = st.sampled_from([f"account/{number}" for number in range(6)])
    return st.builds(lambda name, held: Actor(name, name, tuple(held)), names, st.lists(posts, min_size=1, max_size=2))


def answers(way: Procedure, action: str, unit: str = "roads") -> dict[str, str]:
    """Something right for everything the action asks."""
    given = {"category": "06010", "district": "north", "unit": unit, "text": "好"}
    return {n.name: given.get(n.kind) or n.choices[0][0] for n in way.actions[action].needs}


Made = list[tuple[procedure.Move, str, datetime]]


def walk(way: Procedure, draw: st.DataObject) -> tuple[Made, Case]:
    """Try actions at random; return the moves that were made, with who made them and when, and where they led."""
    hands: set[str] = set()  # who handled, people and units, by our own counting
    now = BEGAN
    move = procedure.begin(way, {"district": "north"}, {"text": "垃圾"}, now, due_after)
    made = [(move, "account/0", now)]
    case = procedure.after(None, *made[0])
    for _ in range(draw.draw(st.integers(0, 25), label="steps")):
        now += timedelta(minutes=draw.draw(st.integers(0, 600), label="minutes"))
        actor = draw.draw(actors(way), label="actor")
        likely = [(a.name, t.no) for t in case.tasks if t.is_open for a in way.actions_on(t.kind)]
        anything = st.tuples(st.sampled_from(sorted(way.actions)), st.integers(0, len(case.tasks) + 1))
        name, no = draw.draw(st.sampled_from(likely) | anything if likely else anything, label="action")
        allowed = procedure.refusal(case, way.actions[name], no, actor) is None
        try:
            given = answers(way, name, draw.draw(st.sampled_from(UNITS), label="unit"))
            move = procedure.decide(way, case, name, no, actor, given, {}, now, due_after)
        except Refusal:
            assert not allowed, "the button was shown and the action refused"
            continue
        assert allowed, "the action was done and the button not shown"
        check_separation(case, no, actor, hands)
        made.append((move, actor.account, now))
        case = procedure.after(case, *made[-1])
        check_case(case)
        hands |= {task.unit for task in move.opened if task.part is Part.HANDLING and task.unit}
    return made, case


def check_case(case: Case) -> None:
    """An open case has a holder for an open task; a closed one has none open and says when it was closed."""
    still = [task for task in case.tasks if task.is_open]
    assert bool(still) == case.is_open
    assert all(task.role for task in still)
    assert all(task.unit for task in still if task.part is Part.HANDLING), "a handling task that no unit holds"
    assert (case.closed_at is not None) == (not case.is_open)
    assert [task.no for task in case.tasks] == list(range(1, len(case.tasks) + 1))


def check_separation(case: Case, no: int, actor: Actor, hands: set[str]) -> None:
    """Nobody, person or unit, who handled the case judges it; who acts on a handling task has handled it."""
    part = case.tasks[no - 1].part
    if part is Part.JUDGING:
        assert not hands & {actor.account, *(post.unit for post in actor.posts)}
    if part is Part.HANDLING:
        hands.add(actor.account)


@pytest.mark.parametrize("way", PROCEDURES, ids=lambda way: way.name)
@given(draw=st.data())
@settings(max_examples=150, deadline=None)
def test_the_invariants_hold_on_every_way_through(way: Procedure, draw: st.DataObject) -> None:
    made, walked = walk(way, draw)
    told = None
    for move, account, at in made:  # an event holds the whole move: telling it again gives the same case
        content = json.loads(json.dumps(history.payload(move, {})))
        told = procedure.after(told, history.move(move.event, content), account, at)
    assert told == walked and walked.length == len(made)
    starts = [at for move, _, at in made if move.clock_started]
    assert len(starts) <= 1, "the case's clock starts once"
    assert walked.clock_started_at == (starts[0] if starts else None)


@pytest.mark.parametrize("way", PROCEDURES, ids=lambda way: way.name)
def test_every_stage_can_be_reached_and_left(way: Procedure) -> None:
    reached, tasks = {way.begins_stage}, set(way.begins_tasks)
    for _ in way.actions:
        for action in way.actions.values():
            if action.on in tasks:
                reached.add(action.to)
                tasks |= set(action.opens)
    assert reached == set(way.stages) and tasks == set(way.tasks)


@given(inputs=st.dictionaries(st.sampled_from(["category", "district", "note", "other"]), st.text(max_size=20)))
def test_what_is_missing_or_unreadable_is_named_and_nothing_else(inputs: dict[str, str]) -> None:
    way = PROCEDURES[0]
    case = procedure.after(None, procedure.begin(way, {}, {}, BEGAN, due_after), "account/0", BEGAN)
    operator = Actor("account/1", "", (Post("operator", "centre"),))
    wrong = {name for name in ("category", "district") if not inputs.get(name, "").strip()}
    wrong |= {name for name in ("category", "district", "note") if "\x00" in inputs.get(name, "").strip()}
    try:
        procedure.decide(way, case, "accept", 1, operator, inputs, {}, BEGAN, due_after)
    except Invalid as refused:
        assert {fault.field for fault in refused.faults} == wrong != set()
    else:
        assert not wrong


def test_a_limit_of_the_category_stands_before_the_procedures_own() -> None:
    way = PROCEDURES[0]
    case = procedure.after(None, procedure.begin(way, {}, {}, BEGAN, due_after), "account/0", BEGAN)
    people = {role: Actor(f"account/{role}", role, (Post(role, "centre"),)) for role in ("operator", "duty_officer")}
    for action, role in (("accept", "operator"), ("file", "duty_officer")):
        limits = {"case": Limit(3, case.tasks[0].limit.unit)}
        move = procedure.decide(
            way, case, action, len(case.tasks), people[role], answers(way, action), limits, BEGAN, due_after
        )
        case = procedure.after(case, move, people[role].account, BEGAN)
    assert case.case_limit == Limit(3, case.tasks[0].limit.unit)
    assert case.clock_started_at == BEGAN
