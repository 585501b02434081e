"""Facts of every procedure in every version: the shortest path to each action, in the engine alone."""

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
PROCEDURES = [procedure for pack in PACKS for procedure in pack.procedures]
BOOK = read_books([pack.folder for pack in PACKS], PROCEDURES)
CONTEXT = Context(CITY, SHANGHAI, {"roads": "works"}, meanings=BOOK.meanings)
TERMS = Terms(CITY)


def logged(procedure: Procedure, steps: tuple[Step, ...]) -> Iterator[LoggedEvent]:
    """Yield the events of a case that takes these steps."""
    facts = {
        "number": "1",
        "procedure": procedure.name,
        "version": str(procedure.version),
        "reported_at": chain.moment(NOW),
    }
    by = next((actor.posts[0] for actor in ACTORS.values() if actor.posts[0].role == procedure.begins.role), None)
    inputs = answers(procedure.begins.needs, UNITS[:1], "671001")
    move = begin(procedure, {**facts, "district": "671001"}, {}, NOW, TERMS, inputs=inputs, by=by)
    case = after(None, move, "beginner", NOW)
    yield event(case, move, "beginner", NOW)
    for step in steps:
        made = moved(procedure, case, step)
        account = ACTORS[step.username].account if step.username else "system"
        case = after(case, made, account, step.at)
        yield event(case, made, account, step.at)


def moved(procedure: Procedure, case: CaseState, step: Step) -> Move:
    if step.username is None:
        found = waking.woken(procedure, case, step.at, TERMS)
        assert found
        return found
    return decide(procedure, case, step.action, step.task, ACTORS[step.username], step.answers, step.at, TERMS)


def event(case: CaseState, move: Move, account: str, at: object) -> LoggedEvent:
    return LoggedEvent(case.length, move.event, account, at, history.payload(move, {}))  # type: ignore[arg-type]


def rows_by_action(procedure: Procedure) -> dict[str, Rows]:
    found = plans(procedure, TERMS, "671001")
    assert found.keys() == procedure.actions.keys()
    return {action: rows_of(logged(procedure, steps), CONTEXT) for action, steps in found.items()}


@pytest.mark.parametrize("procedure", PROCEDURES, ids=lambda procedure: f"{procedure.name}-{procedure.version}")
def test_whatever_happens_to_a_case_its_facts_are_whole(procedure: Procedure) -> None:
    for action, rows in rows_by_action(procedure).items():
        for name, relation in FACTS.items():
            assert all(row.keys() <= relation.by_name.keys() for row in rows[name]), action
            unsorted_table(relation, rows[name])
            keys = [tuple(row[column] for column in relation.key) for row in rows[name]]
            assert len(set(keys)) == len(keys) > 0
        (case,) = rows["cases"]
        stays, tasks, events = rows["passages"], rows["tasks"], rows["events"]
        is_open = not procedure.stages[case["stage"]].final
        assert (case["closed_at"] is None) == is_open
        assert (case["voided_at"] is None) == procedure.stages[case["stage"]].counts
        assert is_open or all(task["open_until"] for task in tasks)
        assert [row["left_at"] for row in stays] == [row["entered_at"] for row in stays[1:]] + [None]
        assert events[-1]["action"] == action and events[-1]["stage"] == stays[-1]["stage"] == case["stage"]
        assert {row["department"] for row in tasks if row["unit"] == "roads"} <= {"works"}


def test_where_a_unit_could_return_a_case_without_approval_that_was_the_return() -> None:
    procedure = next(row for row in PROCEDURES if (row.name, row.version) == ("city-problem", 1))
    tasks = rows_by_action(procedure)["return"]["tasks"]
    returned = [row for row in tasks if row["returned_at"]]
    assert [row["kind"] for row in returned] == ["handle"]
    assert [row["kind"] for row in tasks if row["sent_back_at"]] == ["dispatch"]


def test_a_shipped_pack_that_defines_meanings_defines_them_for_all_versions() -> None:
    assert sorted(path.parent.name for path in SHIPPED.glob(f"*/{FILE}")) == ["city-problem"]
    versions = {procedure.version for procedure in PROCEDURES if procedure.name == "city-problem"}
    assert {version for name, version in BOOK.meanings if name == "city-problem"} == versions
