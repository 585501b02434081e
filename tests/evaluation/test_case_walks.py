"""Facts of every procedure in every version: the shortest way to each action, told in the engine alone."""

from collections.abc import Iterator

import pytest

from cityloop.casework.history import events as history
from cityloop.core import chain
from cityloop.core.procedures import waking
from cityloop.core.procedures.casefile import CaseState, Move, after
from cityloop.core.procedures.deciding import begin, decide
from cityloop.core.procedures.opening import Terms
from cityloop.core.procedures.procedure import Procedure
from cityloop.evaluation.facts.cases import Context, Rows, rows_of
from cityloop.evaluation.facts.files import unsorted_table
from cityloop.evaluation.facts.relations import FACTS
from cityloop.evaluation.facts.texts import FILE, read_books
from cityloop.evaluation.facts.walk import LoggedEvent
from cityloop.registry.packs.reading import SHIPPED, read_all
from core.calendars import CITY, SHANGHAI
from example import NOW
from plans import ACTORS, UNITS, Step, answers, plans

PACKS = read_all()
WAYS = [way for pack in PACKS for way in pack.procedures]
BOOK = read_books([pack.folder for pack in PACKS], WAYS)
CONTEXT = Context(CITY, SHANGHAI, {"roads": "works"}, meanings=BOOK.meanings)
TERMS = Terms(CITY)


def told(way: Procedure, steps: tuple[Step, ...]) -> Iterator[LoggedEvent]:
    """Yield the events of a case that goes this way."""
    facts = {"number": "1", "procedure": way.name, "version": str(way.version), "reported_at": chain.moment(NOW)}
    by = next((actor.posts[0] for actor in ACTORS.values() if actor.posts[0].role == way.begins.role), None)
    inputs = answers(way.begins.needs, UNITS[:1], "671001")
    move = begin(way, {**facts, "district": "671001"}, {}, NOW, TERMS, inputs=inputs, by=by)
    case = after(None, move, "beginner", NOW)
    yield said(case, move, "beginner", NOW)
    for step in steps:
        made = moved(way, case, step)
        account = ACTORS[step.username].account if step.username else "system"
        case = after(case, made, account, step.at)
        yield said(case, made, account, step.at)


def moved(way: Procedure, case: CaseState, step: Step) -> Move:
    if step.username is None:
        found = waking.woken(way, case, step.at, TERMS)
        assert found
        return found
    return decide(way, case, step.action, step.task, ACTORS[step.username], step.answers, step.at, TERMS)


def said(case: CaseState, move: Move, account: str, at: object) -> LoggedEvent:
    return LoggedEvent(case.length, move.event, account, at, history.payload(move, {}))  # type: ignore[arg-type]


def rows_by_action(way: Procedure) -> dict[str, Rows]:
    found = plans(way, TERMS, "671001")
    assert found.keys() == way.actions.keys()
    return {action: rows_of(told(way, steps), CONTEXT) for action, steps in found.items()}


@pytest.mark.parametrize("way", WAYS, ids=lambda way: f"{way.name}-{way.version}")
def test_whatever_happens_to_a_case_its_facts_are_whole(way: Procedure) -> None:
    for action, rows in rows_by_action(way).items():
        for name, relation in FACTS.items():
            assert all(row.keys() <= relation.by_name.keys() for row in rows[name]), action
            unsorted_table(relation, rows[name])
            keys = [tuple(row[column] for column in relation.key) for row in rows[name]]
            assert len(set(keys)) == len(keys) > 0
        (case,) = rows["cases"]
        stays, tasks, events = rows["passages"], rows["tasks"], rows["events"]
        is_open = not way.stages[case["stage"]].final
        assert (case["closed_at"] is None) == is_open
        assert (case["voided_at"] is None) == way.stages[case["stage"]].counts
        assert is_open or all(task["open_until"] for task in tasks)
        assert [one["left_at"] for one in stays] == [one["entered_at"] for one in stays[1:]] + [None]
        assert events[-1]["action"] == action and events[-1]["stage"] == stays[-1]["stage"] == case["stage"]
        assert {one["department"] for one in tasks if one["unit"] == "roads"} <= {"works"}


def test_where_a_unit_returned_a_case_by_itself_that_was_its_return() -> None:
    way = next(one for one in WAYS if (one.name, one.version) == ("city-problem", 1))
    tasks = rows_by_action(way)["return"]["tasks"]
    returned = [one for one in tasks if one["returned_at"]]
    assert [one["kind"] for one in returned] == ["handle"]
    assert [one["kind"] for one in tasks if one["sent_back_at"]] == ["dispatch"]


def test_every_shipped_pack_that_means_something_by_its_events_says_it_of_all_versions() -> None:
    assert sorted(path.parent.name for path in SHIPPED.glob(f"*/{FILE}")) == ["city-problem"]
    versions = {way.version for way in WAYS if way.name == "city-problem"}
    assert {version for name, version in BOOK.meanings if name == "city-problem"} == versions
