"""Writes many rows by one statement whose text does not depend on their number. The caller decides which rows.

The rows are sent as one JSON document: PostgreSQL parses it faster than the driver can build arrays, and a statement
with one parameter is planned once for each connection.
"""

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db import connection


def insert(statement: str, *tables: Iterable[Mapping[str, Any]]) -> list[tuple[Any, ...]]:
    """Run an INSERT … SELECT … FROM json_to_recordset(%s), one %s for each table; return what it returns.

    Without any rows nothing is run.
    """
    filled = [list(table) for table in tables]
    if not any(filled):
        return []
    with connection.cursor() as cursor:
        cursor.execute(statement, [_ENCODER.encode(table) for table in filled])
        return cursor.fetchall() if cursor.description else []


def _as_text(value: object) -> str:
    """Return a value that JSON cannot express as PostgreSQL reads it."""
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, bytes):
        return f"\\x{value.hex()}"
    raise TypeError(f"no column has the type {type(value).__name__}")


_ENCODER = json.JSONEncoder(default=_as_text, ensure_ascii=False)
