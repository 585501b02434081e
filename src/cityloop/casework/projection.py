"""Rows of cases and tasks from their state and back: the projection of the history. Deciding is the engine's."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from cityloop.casework import history, models
from cityloop.core import procedure
from cityloop.core.procedure import Part

NUMBER_SEQUENCE = "casework_case_number"


@dataclass(frozen=True, slots=True)
class NewCase:
    """A case about to be written for the first time."""

    id: int
    number: str
    head: bytes
    state: procedure.Case
    opened_at: datetime
    address: str | None


@dataclass(frozen=True, slots=True)
class NewWords:
    """Personal words about to be written."""

    case_id: int
    seq: int
    name: str
    salt: bytes
    body: str


_INSERT_CASES = """
    INSERT INTO casework_case (id, number, procedure, version, stage, is_open, length, head, facts, category, district,
                               community, address, reported_at, opened_at, handlers, handling_units)
    SELECT id, number, procedure, version, stage, TRUE, 1, head, facts::jsonb, category, district,
           community, address, reported_at, opened_at, '{}', '{}'
      FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::int[], %s::text[], %s::bytea[], %s::text[], %s::text[],
                  %s::text[], %s::text[], %s::text[], %s::timestamptz[], %s::timestamptz[])
        AS new(id, number, procedure, version, stage, head, facts, category,
               district, community, address, reported_at, opened_at)
"""
_INSERT_TASKS = """
    INSERT INTO casework_task (case_id, no, kind, role, part, unit, district, community, opened_at,
                               "limit", yellow_at, due_at)
    SELECT * FROM unnest(%s::bigint[], %s::int[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[],
                         %s::text[], %s::timestamptz[], %s::text[], %s::timestamptz[], %s::timestamptz[])
"""
_INSERT_WORDS = """
    INSERT INTO casework_personalwords (case_id, seq, name, salt, body)
    SELECT * FROM unnest(%s::bigint[], %s::int[], %s::text[], %s::bytea[], %s::text[])
"""


def insert(cases: Sequence[NewCase]) -> None:
    """Write new cases with their first tasks."""
    _fill(_INSERT_CASES, (_case_row(case, json.dumps(dict(case.state.facts), ensure_ascii=False)) for case in cases))
    insert_tasks((case.id, case.state, task) for case in cases for task in case.state.tasks)


def insert_tasks(tasks: Iterable[tuple[int, procedure.Case, procedure.Task]]) -> None:
    """Write new tasks of the cases with those states."""
    _fill(_INSERT_TASKS, (_task_row(*task) for task in tasks))


def insert_words(words: Iterable[NewWords]) -> None:
    """Write personal words."""
    _fill(_INSERT_WORDS, ((w.case_id, w.seq, w.name, w.salt, w.body) for w in words))


def state(row: models.Case, tasks: Iterable[models.Task]) -> procedure.Case:
    """Return the state that the rows stand for."""
    return procedure.Case(
        stage=row.stage,
        is_open=row.is_open,
        tasks=tuple(_task(task) for task in tasks),
        facts=row.facts,
        length=row.length,
        clock_started_at=row.clock_started_at,
        case_limit=history.read_limit(row.case_limit),
        case_due_at=row.case_due_at,
        closed_at=row.closed_at,
        handlers=frozenset(row.handlers),
        handling_units=frozenset(row.handling_units),
    )


def columns(case: procedure.Case) -> dict[str, Any]:
    """Return the columns of a case's row that follow from its state."""
    return {
        "stage": case.stage,
        "is_open": case.is_open,
        "length": case.length,
        "facts": dict(case.facts),
        "category": case.facts.get("category"),
        "district": case.facts.get("district") or None,
        "community": case.facts.get("community") or None,
        "clock_started_at": case.clock_started_at,
        "case_limit": history.limit_text(case.case_limit),
        "case_due_at": case.case_due_at,
        "closed_at": case.closed_at,
        "handlers": sorted(case.handlers),
        "handling_units": sorted(case.handling_units),
    }


def _case_row(case: NewCase, facts: str) -> tuple[Any, ...]:
    known = case.state.facts
    return (
        case.id,
        case.number,
        known["procedure"],
        int(known["version"]),
        case.state.stage,
        case.head,
        facts,
        known.get("category"),
        known.get("district"),
        known.get("community"),
        case.address,
        datetime.fromisoformat(known["reported_at"]),
        case.opened_at,
    )


def _task_row(case_id: int, case: procedure.Case, task: procedure.Task) -> tuple[Any, ...]:
    district, community = case.facts.get("district") or None, case.facts.get("community") or None
    limit = history.limit_text(task.limit)
    place = (task.part.value, task.unit, district, community)
    return (case_id, task.no, task.kind, task.role, *place, task.opened_at, limit, task.yellow_at, task.due_at)


def _task(row: models.Task) -> procedure.Task:
    limit = history.read_limit(row.limit)
    clock = (row.opened_at, limit, row.yellow_at, row.due_at, row.done_at, row.outcome, row.passed_at)
    return procedure.Task(row.no, row.kind, row.role, Part(row.part), row.unit, *clock)


def _fill(statement: str, rows: Iterable[tuple[Any, ...]]) -> None:
    """Insert the rows by one statement whose text does not depend on how many they are."""
    table = list(rows)
    if table:
        with connection.cursor() as cursor:
            cursor.execute(statement, [list(column) for column in zip(*table, strict=True)])
