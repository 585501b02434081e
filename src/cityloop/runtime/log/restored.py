"""Prepares the log of a restored database, whose transaction counter starts again. See log/announcer.py."""

import json
from datetime import datetime

import psycopg

from cityloop.core import chain

# Repeated from log/events.py and log/checkpoints.py: Django is not ready before there is a database.
STREAM, SYSTEM = "log", "system"

_LAST = "SELECT seq, hash FROM runtime_event WHERE stream = %s ORDER BY seq DESC LIMIT 1"
_INSERT = "INSERT INTO runtime_event (stream, seq, name, actor, at, payload, hash) VALUES (%s, %s, %s, %s, %s, %s, %s)"


def note_restore(connection: psycopg.Connection, made_at: str, now: datetime) -> None:
    """Record in the restored log when its backup was made: what happened after that is not in it."""
    raise_log_offset(connection)
    last = connection.execute(_LAST, [STREAM]).fetchone()
    seq, before = last or (0, chain.EMPTY)
    payload = {"made_at": made_at}
    hashed = chain.link(before, STREAM, seq + 1, "CityRestored", SYSTEM, now, payload)
    connection.execute(_INSERT, [STREAM, seq + 1, "CityRestored", SYSTEM, now, json.dumps(payload), hashed])


def raise_log_offset(connection: psycopg.Connection) -> None:
    """Let every new event follow every restored one in the log's order."""
    row = connection.execute("SELECT coalesce(max(ordinal), -1) + 1 FROM runtime_event").fetchone()
    offset = int(row[0]) if row else 0
    connection.execute(
        "CREATE OR REPLACE FUNCTION cityloop_log_offset() RETURNS bigint LANGUAGE sql IMMUTABLE "
        f"AS 'SELECT {offset}::bigint'"
    )
