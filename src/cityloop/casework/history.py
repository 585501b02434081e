"""What an event of a case says, both ways: a Move into the payload of an event and back. Nothing is decided here."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from cityloop.core import chain
from cityloop.core.procedure import Move, Part, Post, Task
from cityloop.core.worktime import Limit
from cityloop.registry.procedure_texts import parse_limit


def stream(case_id: int) -> str:
    """Return the event stream of a case."""
    return f"case/{case_id}"


def payload(move: Move, commitments: Mapping[str, str]) -> dict[str, Any]:
    """Return what the event holds: the whole move, with commitments in place of personal words."""
    return {
        "action": move.action,
        "task": move.task,
        "stage": move.stage,
        "final": move.final,
        "by": [move.by.role, move.by.unit, move.by.area] if move.by else None,
        "facts": dict(move.facts),
        "answers": dict(move.answers),
        "words": dict(commitments),
        "opened": [_task_text(task) for task in move.opened],
        "passed": list(move.passed),
        "clock_started": move.clock_started,
        "case_limit": limit_text(move.case_limit),
        "case_due_at": _moment(move.case_due_at),
    }


def move(event: str, content: Mapping[str, Any]) -> Move:
    """Return the move an event tells of; its personal words stay where they are."""
    return Move(
        event=event,
        action=content["action"],
        task=content["task"],
        stage=content["stage"],
        final=content["final"],
        by=Post(*content["by"]) if content["by"] else None,
        facts=content["facts"],
        answers=content["answers"],
        opened=tuple(_task(text) for text in content["opened"]),
        passed=tuple(content["passed"]),
        clock_started=content["clock_started"],
        case_limit=read_limit(content["case_limit"]),
        case_due_at=_read_moment(content["case_due_at"]),
    )


def limit_text(limit: Limit | None) -> str | None:
    """Return a limit as it is written in packs and events, such as 4 work_hour."""
    return f"{limit.amount} {limit.unit.value}" if limit else None


def read_limit(words: str | None) -> Limit | None:
    """Return the limit written so."""
    return parse_limit(words) if words else None


def _task_text(task: Task) -> dict[str, Any]:
    return {
        "no": task.no,
        "kind": task.kind,
        "role": task.role,
        "part": task.part.value,
        "unit": task.unit,
        "opened_at": chain.moment(task.opened_at),
        "limit": limit_text(task.limit),
        "yellow_at": _moment(task.yellow_at),
        "due_at": _moment(task.due_at),
    }


def _task(text: Mapping[str, Any]) -> Task:
    return Task(
        no=text["no"],
        kind=text["kind"],
        role=text["role"],
        part=Part(text["part"]),
        unit=text["unit"],
        opened_at=datetime.fromisoformat(text["opened_at"]),
        limit=read_limit(text["limit"]),
        yellow_at=_read_moment(text["yellow_at"]),
        due_at=_read_moment(text["due_at"]),
    )


def _moment(at: datetime | None) -> str | None:
    return chain.moment(at) if at else None


def _read_moment(words: str | None) -> datetime | None:
    return datetime.fromisoformat(words) if words else None
