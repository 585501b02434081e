"""Writing many rows by one statement whose text does not depend on how many they are. Which rows is decided above.

The rows travel as one JSON document: PostgreSQL takes it apart faster than the driver can put arrays together, and a
statement of one parameter is planned once for each connection.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.db import connection


def insert(statement: str, rows: Iterable[Mapping[str, Any]]) -> list[tuple[Any, ...]]:
    """Run an INSERT … SELECT … FROM json_to_recordset(%s) on the rows; return what it returns. No rows, no statement."""
    table = list(rows)
    if not table:
        return []
    with connection.cursor() as cursor:
        cursor.execute(statement, [json.dumps(table, default=_spelled, ensure_ascii=False)])
        return cursor.fetchall() if cursor.description else []


@contextmanager
def together() -> Iterator[None]:
    """Send the statements of the block without waiting for each; the first that fails is raised at its end."""
    connection.ensure_connection()
    with connection.wrap_database_errors, connection.connection.pipeline():
        yield


def _spelled(value: object) -> str:
    """Return how PostgreSQL reads a value for which JSON has no word."""
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, bytes):
        return f"\\x{value.hex()}"
    raise TypeError(f"no column holds a {type(value).__name__}")
