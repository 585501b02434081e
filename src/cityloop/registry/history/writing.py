"""Writes rows of the tables and of their history, many in one statement: bulk_create takes four times as long.

changes.py decides which ones.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any

from django.db import connection, models

from cityloop.registry.history.tables import TABLES, CityTable, Values
from cityloop.runtime import rows

AT_ONCE = 2000  # rows in one statement
_KEEP = """
    INSERT INTO registry_change (changes_id, "table", key, before, after)
    SELECT changes_id, "table", key, before, after FROM json_to_recordset(%s)
        AS new(changes_id int, "table" text, key text, before jsonb, after jsonb)
"""


def put(table: CityTable, wanted: Sequence[Values], known: Mapping[str, Mapping[str, int]]) -> None:
    """Insert rows, or overwrite those of the same key; `known` are the ids of what they refer to, by field and code."""
    for some in _batches(wanted):
        rows.insert(_upsert(table.name), (_columns(table, row, known) for row in some))


def keep(changes: Sequence[Mapping[str, Any]]) -> None:
    """Write what was changed: changes_id, table, key, before, after."""
    for some in _batches(changes):
        rows.insert(_KEEP, some)


def _batches(listed: Sequence[Values]) -> Iterator[Sequence[Values]]:
    return (listed[first : first + AT_ONCE] for first in range(0, len(listed), AT_ONCE))


def _columns(table: CityTable, row: Values, known: Mapping[str, Mapping[str, int]]) -> Values:
    """Return a row as PostgreSQL reads it from JSON: bytes and references are written otherwise than in the history."""
    other = {name: rows.binary(table.from_json(name, row[name])) for name in _binary(table.name) if row[name]}
    ids = {f"{name}_id": known[name].get(row[name]) for name in table.refers}
    return {**row, **other, **ids} if other or ids else row


@cache
def _binary(name: str) -> tuple[str, ...]:
    table = TABLES[name]
    return tuple(field for field in table.all_fields if isinstance(_field(table, field), models.BinaryField))


@cache
def _upsert(name: str) -> str:
    table = TABLES[name]
    columns = {_column(table, field): _field(table, field).db_type(connection) for field in table.all_fields}
    listed = ", ".join(map(_quoted, columns))
    typed = ", ".join(f"{_quoted(column)} {kind}" for column, kind in columns.items())
    key = ", ".join(_quoted(_column(table, field)) for field in table.key)
    changed = ", ".join(
        f"{_quoted(c)} = EXCLUDED.{_quoted(c)}" for c in (_column(table, field) for field in table.fields)
    )
    return f"""
        INSERT INTO {_quoted(table.model._meta.db_table)} ({listed})
        SELECT {listed} FROM json_to_recordset(%s) AS new({typed})
            ON CONFLICT ({key}) DO UPDATE SET {changed}
    """  # noqa: S608  # the names put in are those of our own tables


def _column(table: CityTable, name: str) -> str:
    return str(_field(table, name).column)


def _field(table: CityTable, name: str) -> "models.Field[Any, Any]":
    found = table.model._meta.get_field(name)
    if not isinstance(found, models.Field):
        raise TypeError(f"{table.name} has no column {name}")
    return found


def _quoted(name: str) -> str:
    return connection.ops.quote_name(name)
