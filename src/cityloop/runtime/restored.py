"""What a database must be told once it has been restored: its transaction counter starts anew. See announcer.py."""

import psycopg


def raise_log_offset(connection: psycopg.Connection) -> None:
    """Put every new event after every restored one in the log's order."""
    row = connection.execute("SELECT coalesce(max(ordinal), -1) + 1 FROM runtime_event").fetchone()
    offset = int(row[0]) if row else 0
    connection.execute(
        "CREATE OR REPLACE FUNCTION cityloop_log_offset() RETURNS bigint LANGUAGE sql IMMUTABLE "
        f"AS 'SELECT {offset}::bigint'"
    )
