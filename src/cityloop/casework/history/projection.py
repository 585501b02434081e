"""Converts the state of cases and tasks into rows, and back: the projection of the history. The engine decides."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.db import connection

from cityloop.casework import models
from cityloop.casework.history import events as history
from cityloop.core.procedures.casefile import CaseState, TaskState
from cityloop.core.procedures.procedure import Separation
from cityloop.runtime import rows
from cityloop.runtime.log import events

SHOWN = ("address", "category_words")  # personal words of the report that lists show, so they are columns of the case
NUMBER_SEQUENCE = "casework_case_number"


@dataclass(frozen=True, slots=True)
class NewCaseRow:
    """A case about to be written for the first time."""

    id: int
    head: bytes
    state: CaseState
    opened_at: datetime
    words: Mapping[str, str]  # those of SHOWN that were given


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
                               community, facility, address, category_words, reported_at, opened_at, handlers,
                               handling_units, units, clock_started_at, case_limit, case_due_at, wake_at, links,
                               request)
    SELECT id, number, procedure, version, stage, TRUE, 1, head, facts, category, district,
           community, facility, address, category_words, reported_at, opened_at, '{}', handling_units, units,
           clock_started_at, case_limit, case_due_at, wake_at, links, request
      FROM json_to_recordset(%s)
        AS new(id bigint, number text, procedure text, version int, stage text, head bytea, facts jsonb, category text,
               district text, community text, facility text, address text, category_words text, reported_at timestamptz,
               opened_at timestamptz, handling_units text[], units text[], clock_started_at timestamptz,
               case_limit text, case_due_at timestamptz, wake_at timestamptz, links jsonb, request text)
"""
_INSERT_TASKS = """
    INSERT INTO casework_task (case_id, no, kind, role, part, unit, district, community, opened_at, "limit", yellow_at,
                               due_at, done_at, outcome, passed_at, parent, batch, clock_facts, fired, wake_at)
    SELECT case_id, no, kind, role, part, unit, district, community, opened_at, "limit", yellow_at,
           due_at, done_at, outcome, passed_at, parent, batch, clock_facts, fired, wake_at
      FROM json_to_recordset(%s)
        AS new(case_id bigint, no int, kind text, role text, part text, unit text, district text, community text,
               opened_at timestamptz, "limit" text, yellow_at timestamptz, due_at timestamptz, done_at timestamptz,
               outcome text, passed_at timestamptz, parent int, batch int, clock_facts jsonb, fired int,
               wake_at timestamptz)
"""
_INSERT_WORDS = """
    INSERT INTO casework_personalwords (case_id, seq, name, salt, body)
    SELECT * FROM json_to_recordset(%s) AS new(case_id bigint, seq int, name text, salt bytea, body text)
"""
_INSERT = f"""
    WITH cases AS ({_INSERT_CASES}), tasks AS ({_INSERT_TASKS}), words AS ({_INSERT_WORDS}) {events.INSERT}
"""


def next_number(now: datetime) -> tuple[int, str]:
    """Return the id and the number of the next case, in the numbering of intake."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT id, to_char(id, 'FM999999999000000') FROM nextval('{NUMBER_SEQUENCE}') AS id")  # noqa: S608
        case_id, ordinal = cursor.fetchone()
    return case_id, now.astimezone(settings.CITYLOOP.zone).strftime("%Y%m%d") + ordinal


_CASE_CHANGES = """
    UPDATE casework_case AS found
       SET stage = new.stage, is_open = new.is_open, length = new.length, head = new.head, facts = new.facts,
           category = new.category, district = new.district, community = new.community, facility = new.facility,
           address = new.address, category_words = new.category_words, clock_started_at = new.clock_started_at,
           case_limit = new.case_limit, case_due_at = new.case_due_at, closed_at = new.closed_at,
           handlers = new.handlers, handling_units = new.handling_units, units = new.units,
           stage_since = new.stage_since, counts = new.counts, done = new.done, links = new.links,
           clock_facts = new.clock_facts, fired = new.fired, wake_at = new.wake_at
      FROM json_to_recordset(%s)
        AS new(id bigint, stage text, is_open boolean, length int, head bytea, facts jsonb, category text,
               district text, community text, facility text, address text, category_words text,
               clock_started_at timestamptz, case_limit text, case_due_at timestamptz, closed_at timestamptz,
               handlers text[], handling_units text[], units text[], stage_since int, counts boolean, done jsonb,
               links jsonb, clock_facts jsonb, fired int, wake_at timestamptz)
     WHERE found.id = new.id
"""
_TASK_CHANGES = """
    UPDATE casework_task AS found
       SET district = new.district, community = new.community, yellow_at = new.yellow_at, due_at = new.due_at,
           done_at = new.done_at, outcome = new.outcome, passed_at = new.passed_at, clock_facts = new.clock_facts,
           fired = new.fired, wake_at = new.wake_at
      FROM json_to_recordset(%s)
        AS new(case_id bigint, no int, district text, community text, yellow_at timestamptz, due_at timestamptz,
               done_at timestamptz, outcome text, passed_at timestamptz, clock_facts jsonb, fired int,
               wake_at timestamptz)
     WHERE found.case_id = new.case_id AND found.no = new.no
"""
_CHANGE = f"""
    WITH moved AS ({_CASE_CHANGES}), changed AS ({_TASK_CHANGES}), tasks AS ({_INSERT_TASKS}),
         words AS ({_INSERT_WORDS}) {events.INSERT}
"""


def change(
    row: models.Case, before: CaseState, now: CaseState, words: Iterable[NewWords], entry: events.EventRow
) -> None:
    """Write what a move changed in a case: its row, its tasks, words and event, in one statement."""
    for name, value in columns(now).items():
        setattr(row, name, value)
    row.head = entry.hash
    case_row = {
        **columns(now),
        "id": row.pk,
        "head": rows.binary(entry.hash),
        **{name: getattr(row, name) for name in SHOWN},
    }
    moved = now.areas != before.areas
    changed = [
        _task_row(row.pk, now, new) for old, new in zip(before.tasks, now.tasks, strict=False) if moved or old != new
    ]
    opened = [_task_row(row.pk, now, task) for task in now.tasks[len(before.tasks) :]]
    rows.insert(_CHANGE, [case_row], changed, opened, map(_words_row, words), [events.row(entry)])


def insert(cases: Sequence[NewCaseRow], words: Iterable[NewWords], first: Iterable[events.EventRow]) -> None:
    """Write new cases with their first tasks, words and events in one statement, because every report waits for it."""
    tasks = (_task_row(case.id, case.state, task) for case in cases for task in case.state.tasks)
    rows.insert(_INSERT, map(_case_row, cases), tasks, map(_words_row, words), map(events.row, first))


def insert_tasks(tasks: Iterable[tuple[int, CaseState, TaskState]]) -> None:
    """Write new tasks of cases in these states."""
    rows.insert(_INSERT_TASKS, (_task_row(*task) for task in tasks))


def state(row: models.Case, tasks: Iterable[models.Task]) -> CaseState:
    """Return the state that the rows represent."""
    return CaseState(
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
        stage_since=row.stage_since,
        counts=row.counts,
        done=row.done,
        links=history.read_links(row.links),
        clock_facts=history.read_facts(row.clock_facts),
        fired=row.fired,
        wake_at=row.wake_at,
    )


def columns(case: CaseState) -> dict[str, Any]:
    """Return the columns of a case's row that follow from its state."""
    return {
        "stage": case.stage,
        "is_open": case.is_open,
        "length": case.length,
        "facts": dict(case.facts),
        "category": case.facts.get("category"),
        "district": case.facts.get("district") or None,
        "community": case.facts.get("community") or None,
        "facility": case.facts.get("facility"),
        "clock_started_at": case.clock_started_at,
        "case_limit": history.limit_text(case.case_limit),
        "case_due_at": case.case_due_at,
        "closed_at": case.closed_at,
        "handlers": sorted(case.handlers),
        "handling_units": sorted(case.handling_units),
        "units": sorted(case.units),
        "stage_since": case.stage_since,
        "counts": case.counts,
        "done": dict(case.done),
        "links": history.link_texts(case.links),
        "clock_facts": history.fact_texts(case.clock_facts),
        "fired": case.fired,
        "wake_at": case.wake_at,
    }


def origin(case: CaseState, opened_at: datetime) -> dict[str, Any]:
    """Return the columns of a case's row that its first event, at that moment, set permanently."""
    return {
        "number": case.facts["number"],
        "procedure": case.facts["procedure"],
        "version": int(case.facts["version"]),
        "reported_at": datetime.fromisoformat(case.facts["reported_at"]),
        "opened_at": opened_at,
        "request": case.facts.get("request"),
    }


def task_columns(task: TaskState) -> dict[str, Any]:
    """Return the columns of a task's row that may change after it was opened."""
    return {
        "yellow_at": task.yellow_at,
        "due_at": task.due_at,
        "done_at": task.done_at,
        "outcome": task.outcome,
        "passed_at": task.passed_at,
        "clock_facts": history.fact_texts(task.facts),
        "fired": task.fired,
        "wake_at": task.wake_at,
    }


def _case_row(case: NewCaseRow) -> dict[str, Any]:
    facts = case.state.facts
    return {
        "id": case.id,
        "stage": case.state.stage,
        "head": rows.binary(case.head),
        "facts": dict(facts),
        "category": facts.get("category"),
        "district": facts.get("district"),
        "community": facts.get("community"),
        "facility": facts.get("facility"),
        "handling_units": sorted(case.state.handling_units),
        "units": sorted(case.state.units),
        "clock_started_at": case.state.clock_started_at,
        "case_limit": history.limit_text(case.state.case_limit),
        "case_due_at": case.state.case_due_at,
        "wake_at": case.state.wake_at,
        "links": history.link_texts(case.state.links),
        **{name: case.words.get(name) for name in SHOWN},
        **origin(case.state, case.opened_at),
    }


def _task_row(case_id: int, case: CaseState, task: TaskState) -> dict[str, Any]:
    return {
        **_own_columns(task),
        "case_id": case_id,
        "district": case.facts.get("district") or None,
        "community": case.facts.get("community") or None,
    }


@lru_cache(maxsize=16)  # of a thousand cases opened together, all have equal first tasks
def _own_columns(task: TaskState) -> Mapping[str, Any]:
    """Return the columns of a task's row that do not follow from its case."""
    return {
        "no": task.no,
        "kind": task.kind,
        "role": task.role,
        "part": task.part,
        "unit": task.unit,
        "opened_at": task.opened_at,
        "limit": history.limit_text(task.limit),
        "parent": task.parent,
        "batch": task.batch,
        **task_columns(task),
    }


def _words_row(words: NewWords) -> dict[str, Any]:
    return {
        "case_id": words.case_id,
        "seq": words.seq,
        "name": words.name,
        "salt": rows.binary(words.salt),
        "body": words.body,
    }


def _task(row: models.Task) -> TaskState:
    return TaskState(
        no=row.no,
        kind=row.kind,
        role=row.role,
        part=Separation(row.part),
        unit=row.unit,
        opened_at=row.opened_at,
        limit=history.read_limit(row.limit),
        yellow_at=row.yellow_at,
        due_at=row.due_at,
        done_at=row.done_at,
        outcome=row.outcome,
        passed_at=row.passed_at,
        parent=row.parent,
        batch=row.batch,
        facts=history.read_facts(row.clock_facts),
        fired=row.fired,
        wake_at=row.wake_at,
    )
