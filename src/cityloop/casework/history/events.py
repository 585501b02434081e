"""Converts a Move into the payload of an event of a case, and back.

What a move does not have is left out of the payload; what the event of an earlier version lacks is read as empty.
"""

from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any

from cityloop.core import chain
from cityloop.core.actors import Post
from cityloop.core.clocks.history import ClockEventKind as ClockFact
from cityloop.core.clocks.history import Fact
from cityloop.core.clocks.worktime import Limit
from cityloop.core.procedures.casefile import (
    ClockChange,
    Link,
    Move,
    MovedDeadline,
    TaskState,
    Timing,
)
from cityloop.core.procedures.procedure import CaseRelation, Separation


def stream(case_id: int) -> str:
    """Return the event stream of a case."""
    return f"case/{case_id}"


def payload(move: Move, commitments: Mapping[str, str]) -> dict[str, Any]:
    """Return the payload of the event: the whole move, with commitments in place of personal words."""
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
        **{name: value for name, value in _optional_fields(move).items() if value},
    }


def _optional_fields(move: Move) -> dict[str, Any]:
    return {
        "keeps": move.keeps,
        "ended": list(move.ended),
        "handling": move.handling,
        "voids": not move.counts,
        "changes": [_change_text(change) for change in move.changes],
        "links": link_texts(move.links),
        "documents": list(move.documents),
        "moved": [_moved_text(moved) for moved in move.moved],
    }


def move(event: str, content: Mapping[str, Any]) -> Move:
    """Return the move of an event; its personal words are not read."""
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
        keeps=content.get("keeps", False),
        ended=tuple(content.get("ended", ())),
        handling=content.get("handling", False),
        counts=not content.get("voids", False),
        changes=tuple(_change(text) for text in content.get("changes", ())),
        links=read_links(content.get("links", ())),
        documents=tuple(content.get("documents", ())),
        moved=tuple(_moved(text) for text in content.get("moved", ())),
    )


def limit_text(limit: Limit | None) -> str | None:
    """Return a limit as written in packs and events, such as 4 work_hour."""
    return str(limit) if limit else None


def read_limit(text: str | None) -> Limit | None:
    """Return the limit that limit_text wrote."""
    return Limit.read(text) if text else None


def fact_texts(facts: tuple[Fact, ...]) -> list[list[str | None]] | None:
    """Return what happened to a clock as stored in an event; None for nothing."""
    return [[fact.kind.value, chain.moment(fact.at), limit_text(fact.limit)] for fact in facts] or None


def read_facts(texts: Any) -> tuple[Fact, ...]:
    """Return what happened to a clock from its stored form."""
    return tuple(
        Fact(ClockFact(kind), datetime.fromisoformat(at), read_limit(limit)) for kind, at, limit in texts or ()
    )


def link_texts(links: tuple[Link, ...]) -> list[list[str | None]]:
    """Return links to other cases as stored in an event."""
    return [[link.relation.value, link.number, link.procedure, link.outcome] for link in links]


def read_links(texts: Any) -> tuple[Link, ...]:
    """Return links to other cases from their stored form."""
    return tuple(Link(CaseRelation(relation), *rest) for relation, *rest in texts)


@lru_cache(maxsize=16)  # of a thousand cases opened together, all have equal first tasks
def _task_text(task: TaskState) -> Mapping[str, Any]:
    text = {
        "no": task.no,
        "kind": task.kind,
        "role": task.role,
        "part": task.part.value,
        "unit": task.unit,
        "opened_at": chain.moment(task.opened_at),
        "limit": limit_text(task.limit),
        "yellow_at": _moment(task.yellow_at),
        "due_at": _moment(task.due_at),
        "batch": task.batch,
        "wake_at": _moment(task.wake_at),
    }
    optional = {
        "parent": task.parent,
        "facts": fact_texts(task.facts),
        "fired": task.fired,
        "passed_at": _moment(task.passed_at),
    }
    return text | {name: value for name, value in optional.items() if value}


def _task(text: Mapping[str, Any]) -> TaskState:
    return TaskState(
        no=text["no"],
        kind=text["kind"],
        role=text["role"],
        part=Separation(text["part"]),
        unit=text["unit"],
        opened_at=datetime.fromisoformat(text["opened_at"]),
        limit=read_limit(text["limit"]),
        yellow_at=_read_moment(text["yellow_at"]),
        due_at=_read_moment(text["due_at"]),
        passed_at=_read_moment(text.get("passed_at")),
        parent=text.get("parent"),
        batch=text.get("batch", 0),
        facts=read_facts(text.get("facts")),
        fired=text.get("fired", 0),
        wake_at=_read_moment(text.get("wake_at", text["due_at"])),  # the first version woke only at the limit
    )


def _change_text(change: ClockChange) -> dict[str, Any]:
    timing = change.timing
    return {
        "task": change.task,
        "due_at": _moment(timing.due_at),
        "yellow_at": _moment(timing.yellow_at),
        "wake_at": _moment(timing.wake_at),
        "fired": timing.fired,
        "fact": fact_texts((change.fact,))[0] if change.fact else None,  # type: ignore[index]
    }


def _change(text: Mapping[str, Any]) -> ClockChange:
    due_at, yellow_at, wake_at = (_read_moment(text[name]) for name in ("due_at", "yellow_at", "wake_at"))
    fact = read_facts([text["fact"]])[0] if text["fact"] else None
    return ClockChange(text["task"], Timing(due_at, yellow_at, wake_at, text["fired"]), fact)


def _moved_text(moved: MovedDeadline) -> list[Any]:
    return [moved.task, _moment(moved.old), _moment(moved.new), moved.why, list(moved.days)]


def _moved(text: Any) -> MovedDeadline:
    task, old, new, why, days = text
    return MovedDeadline(task, datetime.fromisoformat(old), datetime.fromisoformat(new), why, tuple(days))


def _moment(at: datetime | None) -> str | None:
    return chain.moment(at) if at else None


def _read_moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
