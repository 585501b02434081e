"""What a database must be told once it has been restored: its transaction counter starts anew. See announcer.py."""

import json
from datetime import datetime

import psycopg

from cityloop.core import chain

# Said again here: Django is not ready before there is a database.
STREAM, SYSTEM = "log", "system"

_LAST = "SELECT seq, hash FROM runtime_event WHERE stream = %s ORDER BY seq DESC LIMIT 1"
_INSERT = "INSERT INTO runtime_event (stream, seq, name, actor, at, payload, hash) VALUES (%s, %s, %s, %s, %s, %s, %s)"


def note_restore(connection: psycopg.Connection, made_at: str, now: datetime) -> None:
    """Write into the restored log from when its backup was: what happened after that is not in it."""
    raise_log_offset(connection)
    last = connection.execute(_LAST, [STREAM]).fetchone()
    seq, before = last or (0, chain.EMPTY)
    said = {"made_at": made_at}
    hashed = chain.link(before, STREAM, seq + 1, "CityRestored", SYSTEM, now, said)
    connection.execute(_INSERT, [STREAM, seq + 1, "CityRestored", SYSTEM, now, json.dumps(said), hashed])


def raise_log_offset(connection: psycopg.Connection) -> None:
    """Put every new event after every restored one in the log's order."""
    row = connection.execute("SELECT coalesce(max(ordinal), -1) + 1 FROM runtime_event").fetchone()
    offset = int(row[0]) if row else 0
    connection.execute(
        "CREATE OR REPLACE FUNCTION cityloop_log_offset() RETURNS bigint LANGUAGE sql IMMUTABLE "
        f"AS 'SELECT {offset}::bigint'"
    )
