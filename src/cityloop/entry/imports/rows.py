"""Imports the rows of a table in batches, with progress, rejected rows, dry runs and a summary.

A mapping reads the rows (channels/tables/columns.py); the `take` function of each importer stores them.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any, Protocol, Self, TypeVar

from django.db import InterfaceError, OperationalError, transaction

from cityloop.channels.tables.rejects.files import Rejects
from cityloop.channels.tables.rows import Refused, Sheet, TableRow
from cityloop.core.errors import Fault, Invalid, NotPossible
from cityloop.entry.console.opening import Tell
from cityloop.entry.console.showing import progress
from cityloop.runtime import clock

TOTALS = 20  # numbers of lines with totals that are printed


class Counted(Protocol):
    """The outcome of rows, in numbers that can be added up."""

    @property
    def rows(self) -> int: ...
    @property
    def rejected(self) -> int: ...
    @property
    def words(self) -> str: ...
    def __add__(self, other: Any) -> Self: ...


Count = TypeVar("Count", bound=Counted)
Taking = Callable[[list[TableRow], datetime], tuple[Count, list[Refused]]]


@dataclass(frozen=True, slots=True)
class RowTally:
    """The outcome of rows that describe the city: each is created, changed, unchanged or rejected."""

    created: int = 0
    changed: int = 0
    unchanged: int = 0
    rejected: int = 0

    @property
    def rows(self) -> int:
        """Return how many rows there were."""
        return self.created + self.changed + self.unchanged + self.rejected

    @property
    def words(self) -> str:
        """Return the outcome of the rows as text."""
        return (
            f"created {self.created:,}, changed {self.changed:,}, unchanged {self.unchanged:,}, "
            f"rejected {self.rejected:,}"
        )

    def __add__(self, other: Self) -> "RowTally":
        return RowTally(*(getattr(self, field.name) + getattr(other, field.name) for field in fields(self)))


def import_rows(
    path: Path,
    sheet: Sheet,
    take: Taking[RowTally],
    tell: Tell,
    *,
    rejects: Path | None = None,
    size: int | None = 500,
    dry_run: bool = False,
) -> str:
    """Give every row to `take`, `size` in one transaction (None: all in one); return a summary.

    A dry run rolls every transaction back, so `take` does not need to know about it.
    """
    wrapped = rolled_back(take) if dry_run else in_transaction(take)
    with Rejects(rejects_path(path, rejects, sheet), sheet) as refused:
        tally = work_through(sheet, wrapped, refused, size, tell, RowTally())
    prefix = "Dry run, nothing was changed. " if dry_run else ""
    return f"{prefix}{summary(f'{tally.rows:,} rows: {tally.words}.', refused, sheet)}"


def work_through(
    sheet: Sheet, take: Taking[Count], rejects: Rejects, size: int | None, tell: Tell, nothing: Count
) -> Count:
    """Give every row to `take` in batches, write the rows it refuses, show the progress; return the total.

    Raise NotPossible when the connection to the database is lost, or when there are rows and none could be read.
    """
    tally = nothing
    with progress(sheet.length, tell) as show:
        for rows in _batches(sheet.rows, size):
            try:
                part, refused = take(rows, clock.now())
            except (OperationalError, InterfaceError) as error:
                values = {"row": f"{tally.rows:,}", "error": str(error).strip()}
                raise NotPossible("database-lost", values) from error
            rejects.add(refused)
            tally += part
            show(tally.rows, tally.words)
    if tally.rows and tally.rows == tally.rejected:
        raise NotPossible("no-row-read", {"rows": f"{tally.rows:,}", "path": rejects.path})
    return tally


def in_transaction(take: Taking[Count]) -> Taking[Count]:
    """Return `take` with each batch in one transaction."""

    def wrapped(rows: list[TableRow], now: datetime) -> tuple[Count, list[Refused]]:
        with transaction.atomic():
            return take(rows, now)

    return wrapped


def rolled_back(take: Taking[Count]) -> Taking[Count]:
    """Return `take` with each batch rolled back, for a dry run."""

    def wrapped(rows: list[TableRow], now: datetime) -> tuple[Count, list[Refused]]:
        with transaction.atomic():
            outcome = take(rows, now)
            transaction.set_rollback(True)
            return outcome

    return wrapped


def rejects_path(path: Path, given: Path | None, sheet: Sheet) -> Path:
    """Return the file for rejected rows; raise Invalid if that is the imported file itself."""
    rejects = given or Path(f"{path.stem}.rejects.{'xlsx' if sheet.layout else 'csv'}")
    if rejects.resolve() == path.resolve():
        raise Invalid([Fault("--rejects", "rejects-over-import")])
    return rejects


def summary(text: str, rejects: Rejects, sheet: Sheet) -> str:
    """Return the summary of an import, with the lines of totals left out and the file of rejected rows."""
    if sheet.totals:
        lines = ", ".join(map(str, sheet.totals[:TOTALS])) + ", …" * (len(sheet.totals) > TOTALS)
        text += f"\nTotals left out: {len(sheet.totals):,}, in line {lines}."
    if rejects.written:
        text += f"\nRows not taken, with the reason for each: {rejects.path}"
    return text


def _batches(rows: Iterator[TableRow], size: int | None) -> Iterator[list[TableRow]]:
    while batch := list(islice(rows, size)):
        yield batch
