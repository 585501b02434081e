"""Writes to the event log. log/announcer.py reads it in order.

The table is also the outbox: an event is written in the transaction of its action, and nothing else is sent there (no
NOTIFY, no job), because that would serialise commits.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from cityloop.core import chain
from cityloop.runtime import rows
from cityloop.runtime.models import Event

SYSTEM = "system"  # the actor of what happens automatically

INSERT = """
    INSERT INTO runtime_event (stream, seq, name, actor, at, payload, hash)
    SELECT * FROM json_to_recordset(%s)
        AS new(stream text, seq int, name text, actor text, at timestamptz, payload jsonb, hash bytea)
"""


@dataclass(frozen=True, slots=True)
class EventRow:
    """An event ready to be written: its place in its stream is known and it is chained."""

    stream: str
    seq: int
    name: str
    actor: str
    at: datetime
    payload: Mapping[str, Any]
    hash: bytes


def entry(
    stream: str, seq: int, before: bytes, name: str, actor: str, at: datetime, payload: Mapping[str, Any]
) -> EventRow:
    """Return the event that follows the one hashed `before` in the stream."""
    return EventRow(stream, seq, name, actor, at, payload, chain.link(before, stream, seq, name, actor, at, payload))


def write(entries: Sequence[EventRow]) -> None:
    """Write the events in one statement, inside the caller's transaction."""
    rows.insert(INSERT, map(row, entries))


def row(entry: EventRow) -> dict[str, Any]:
    """Return the event as a row for INSERT."""
    return {
        "stream": entry.stream,
        "seq": entry.seq,
        "name": entry.name,
        "actor": entry.actor,
        "at": entry.at,
        "payload": entry.payload,
        "hash": rows.binary(entry.hash),
    }


def locked(stream: str) -> None:
    """Let nobody else write to the stream until this transaction ends.

    Take it before the transaction writes anything: its first write gives it its place in the log, and a transaction
    that waited for the stream only afterwards would be placed before the event that it follows.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [stream])


def record(stream: str, name: str, actor: str, at: datetime, payload: Mapping[str, Any]) -> None:
    """Append one event to a stream whose head no row of its own keeps; see `locked`."""
    locked(stream)
    last = Event.objects.filter(stream=stream).order_by("-seq").values_list("seq", "hash").first()
    seq, before = (last[0], bytes(last[1])) if last else (0, chain.EMPTY)
    write([entry(stream, seq + 1, before, name, actor, at, payload)])
