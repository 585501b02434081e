"""Rows of a table worked through a batch at a time: progress, rejects, a dry run, and in words what came of it.

What a row means is said by a mapping (channels.columns), what is done with it by the `take` of each importer.
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

TOTALS = 20  # lines of totals told one by one


class Counted(Protocol):
    """What became of rows, in numbers that add up."""

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
    """What became of rows that describe the city: each is created, changed, unchanged or rejected."""

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
        """Say what became of the rows."""
        return (
            f"created {self.created:,}, changed {self.changed:,}, unchanged {self.unchanged:,}, "
            f"rejected {self.rejected:,}"
        )

    def __add__(self, other: Self) -> "RowTally":
        return RowTally(*(getattr(self, part.name) + getattr(other, part.name) for part in fields(self)))


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
    """Let `take` have every row, `size` in one transaction (None: all in one); return in words what came of it.

    A dry run undoes every transaction, so that `take` need not know of it.
    """
    with Rejects(rejects_path(path, rejects, sheet), sheet) as refused:
        tally = work_through(sheet, undone(take) if dry_run else whole(take), refused, size, tell, RowTally())
    began = "Dry run, nothing was changed. " if dry_run else ""
    return f"{began}{summary(f'{tally.rows:,} rows: {tally.words}.', refused, sheet)}"


def work_through(
    sheet: Sheet, take: Taking[Count], rejects: Rejects, size: int | None, tell: Tell, nothing: Count
) -> Count:
    """Let `take` have every row, batch by batch, write what it refuses, show how far it is; return the sum.

    Raise NotPossible when the database goes away, and when there were rows and not one could be read.
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


def whole(take: Taking[Count]) -> Taking[Count]:
    """Return the same taking, each batch one transaction."""

    def taken(rows: list[TableRow], now: datetime) -> tuple[Count, list[Refused]]:
        with transaction.atomic():
            return take(rows, now)

    return taken


def undone(take: Taking[Count]) -> Taking[Count]:
    """Return the same taking, of which nothing stays: for a dry run."""

    def tried(rows: list[TableRow], now: datetime) -> tuple[Count, list[Refused]]:
        with transaction.atomic():
            came = take(rows, now)
            transaction.set_rollback(True)
            return came

    return tried


def rejects_path(path: Path, given: Path | None, sheet: Sheet) -> Path:
    """Return where rows that are not taken go; raise Invalid where that is the file itself."""
    rejects = given or Path(f"{path.stem}.rejects.{'xlsx' if sheet.layout else 'csv'}")
    if rejects.resolve() == path.resolve():
        raise Invalid([Fault("--rejects", "rejects-over-import")])
    return rejects


def summary(words: str, rejects: Rejects, sheet: Sheet) -> str:
    """Return what came of an import, with the totals left out and where its rejects are."""
    if sheet.totals:
        lines = ", ".join(map(str, sheet.totals[:TOTALS])) + ", …" * (len(sheet.totals) > TOTALS)
        words += f"\nTotals left out: {len(sheet.totals):,}, in line {lines}."
    if rejects.written:
        words += f"\nRows not taken, with the reason for each: {rejects.path}"
    return words


def _batches(rows: Iterator[TableRow], size: int | None) -> Iterator[list[TableRow]]:
    while batch := list(islice(rows, size)):
        yield batch
