"""Writes many rows by one statement whose text does not depend on their number. The caller decides which rows.

The rows are sent as one JSON document: PostgreSQL parses it faster than the driver can build arrays, and a statement
with one parameter is planned once for each connection. Pydantic writes it in a third of the time of Python's own json.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from django.db import connection
from pydantic_core import to_json


def insert(statement: str, *tables: Iterable[Mapping[str, Any]]) -> list[tuple[Any, ...]]:
    """Run an INSERT … SELECT … FROM json_to_recordset(%s), one %s for each table; return what it returns.

    Without any rows nothing is run.
    """
    filled = [list(table) for table in tables]
    if not any(filled):
        return []
    with connection.cursor() as cursor:
        cursor.execute(statement, [to_json(table).decode() for table in filled])
        return cursor.fetchall() if cursor.description else []


def binary(value: bytes) -> str:
    """Return the value of a bytea column in a row."""
    return f"\\x{value.hex()}"
