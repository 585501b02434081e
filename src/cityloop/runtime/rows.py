"""Writing many rows by one statement whose text does not depend on how many they are. Which rows is decided above.

The rows travel as one JSON document: PostgreSQL takes it apart faster than the driver can put arrays together, and a
statement of one parameter is planned once for each connection.
"""

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db import connection


def insert(statement: str, *tables: Iterable[Mapping[str, Any]]) -> list[tuple[Any, ...]]:
    """Run an INSERT … SELECT … FROM json_to_recordset(%s), one %s for each table; return what it returns.

    Where there are no rows at all nothing is run.
    """
    found = [list(table) for table in tables]
    if not any(found):
        return []
    with connection.cursor() as cursor:
        cursor.execute(statement, [_SPELLING.encode(table) for table in found])
        return cursor.fetchall() if cursor.description else []


def _spelled(value: object) -> str:
    """Return how PostgreSQL reads a value for which JSON has no word."""
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, bytes):
        return f"\\x{value.hex()}"
    raise TypeError(f"no column holds a {type(value).__name__}")


_SPELLING = json.JSONEncoder(default=_spelled, ensure_ascii=False)
