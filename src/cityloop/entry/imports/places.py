"""What `cityloop import places` does: stores the gazetteer entries of a file as one change in the history."""

from dataclasses import dataclass, fields
from datetime import datetime
from pathlib import Path
from typing import Self

from cityloop.channels.imports.places import PlaceReader, open_places, whole
from cityloop.channels.tables.rejects.files import Rejects
from cityloop.channels.tables.rows import Refused, TableRow
from cityloop.core.errors import Invalid
from cityloop.core.gazetteer.learning import learned
from cityloop.entry.console.opening import BY, Tell
from cityloop.entry.imports.rows import in_transaction, rejects_path, rolled_back, summary, work_through
from cityloop.registry.city.current import current_city
from cityloop.registry.gazetteer.actions import set_places

BATCH = 2_000  # rows in one transaction


@dataclass(frozen=True, slots=True)
class PlacesTally:
    """The outcome of rows, and of the places in them: one place may be in many rows."""

    read: int = 0
    nameless: int = 0
    rejected: int = 0
    created: int = 0
    changed: int = 0
    unchanged: int = 0

    @property
    def rows(self) -> int:
        """Return how many rows there were."""
        return self.read + self.nameless + self.rejected

    @property
    def words(self) -> str:
        """Return the outcome of the rows as text."""
        return (
            f"read {self.read:,}, without a name {self.nameless:,}, rejected {self.rejected:,}; "
            f"places created {self.created:,}, changed {self.changed:,}, unchanged {self.unchanged:,}"
        )

    def __add__(self, other: Self) -> "PlacesTally":
        return PlacesTally(*(getattr(self, field.name) + getattr(other, field.name) for field in fields(self)))


def import_places(path: Path, mapping_path: Path, rejects: Path | None, tell: Tell, *, dry_run: bool = False) -> str:
    """Store the places of a file and return a summary. Running it again changes nothing."""
    file = open_places(path, mapping_path)
    reader = PlaceReader(file, current_city(), path.name)
    number: int | None = None  # of the change that the whole import is

    def take(rows: list[TableRow], now: datetime) -> tuple[PlacesTally, list[Refused]]:
        nonlocal number
        read, refused = [], []
        for table_row in rows:
            try:
                read.append(reader.read(table_row))
            except Invalid as error:
                refused.append(file.mapping.refused(table_row, error.faults))
        entries = [entry for row in read for entry in row.entries]
        entries += learned((row.seen for row in read if row.seen), path.name)
        outcome = set_places(whole(entries), BY, now, source=path.name, into=number)
        number = None if dry_run else outcome.number or number
        empty = sum(not (row.entries or row.seen) for row in read)
        counts = (outcome.created, outcome.changed, outcome.unchanged)
        return PlacesTally(len(read) - empty, empty, len(refused), *counts), refused

    size = None if file.is_whole else BATCH
    wrapped = rolled_back(take) if dry_run else in_transaction(take)
    with Rejects(rejects_path(path, rejects, file.sheet), file.sheet) as rejected:
        tally = work_through(file.sheet, wrapped, rejected, size, tell, PlacesTally())
    text = summary(f"{tally.rows:,} rows: {tally.words}.", rejected, file.sheet)
    text = f"Dry run, nothing was changed. {text}" if dry_run else text
    return f"{text}\nChange {number} in the history; it can be undone as one." if number else text
