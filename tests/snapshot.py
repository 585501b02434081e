"""What a fixture writes, kept as rows after the first time: entered again in a few milliseconds, with the same ids.

A test's transaction is rolled back, so a city has to be entered again for each of them. Doing that by the city's own
actions takes a fifth of a second; copying the rows they wrote takes a tenth of that.
"""

from collections.abc import Callable
from dataclasses import dataclass

from django.db import connection, transaction

# The sequences of ids may have started again, and other snapshots hold ids beyond those of the rows there are.
GO_ON = """
    SELECT setval(pg_get_serial_sequence(table_name, column_name), 10000)
    FROM information_schema.columns WHERE is_identity = 'YES' AND table_schema = 'public'
"""
NOT_KEPT = {"django_migrations", "django_content_type", "auth_permission"}


@dataclass(frozen=True)
class TableRows:
    """The rows that were added to a table, as COPY writes them; all of its rows where others were changed."""

    name: str
    lines: bytes
    replaces: bool


class Snapshot:
    """The rows that a function wrote when it was first called."""

    def __init__(self) -> None:
        self._rows: list[TableRows] | None = None

    def enter(self, build: Callable[[], None]) -> None:
        """Run `build` the first time; then put its rows into a database that holds what it held the first time."""
        if self._rows is None:
            before = _contents()
            build()
            self._rows = [rows for name, lines in _contents().items() if (rows := _added(name, before[name], lines))]
        else:
            _put(self._rows)


def everything() -> list[TableRows]:
    """Return all rows there are."""
    return [TableRows(name, b"".join(lines), replaces=False) for name, lines in _contents().items() if lines]


def refill(rows: list[TableRows]) -> None:
    """Put `everything` into a database that was emptied."""
    _put(rows)
    with connection.cursor() as cursor:
        cursor.execute(GO_ON)


def _put(tables: list[TableRows]) -> None:
    with transaction.atomic(), connection.cursor() as cursor:  # references are checked when all rows are there
        for table in tables:
            if table.replaces:
                cursor.execute(f'DELETE FROM "{table.name}"')
            with cursor.copy(f'COPY "{table.name}" FROM STDIN') as copy:
                copy.write(table.lines)


def _contents() -> dict[str, list[bytes]]:
    return {name: _lines(name) for name in connection.introspection.table_names() if name not in NOT_KEPT}


def _lines(table: str) -> list[bytes]:
    with connection.cursor() as cursor, cursor.copy(f'COPY "{table}" TO STDOUT') as copy:
        return b"".join(copy).splitlines(keepends=True)


def _added(name: str, before: list[bytes], after: list[bytes]) -> TableRows | None:
    if before == after:
        return None
    known = set(before)
    if known <= set(after):
        return TableRows(name, b"".join(line for line in after if line not in known), replaces=False)
    return TableRows(name, b"".join(after), replaces=True)
