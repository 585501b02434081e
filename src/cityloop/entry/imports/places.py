"""`cityloop import places`: the gazetteer's entries of a file, entered as one change in the history."""

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
from cityloop.entry.imports.rows import rejects_path, summary, undone, work_through
from cityloop.entry.imports.rows import whole as in_one
from cityloop.registry.city.current import current_city
from cityloop.registry.gazetteer.actions import set_places

AT_ONCE = 2_000


@dataclass(frozen=True, slots=True)
class PlacesTally:
    """What became of rows, and of the places that they told of: one place may stand in many rows."""

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
        """Say what became of the rows."""
        return (
            f"read {self.read:,}, without a name {self.nameless:,}, rejected {self.rejected:,}; "
            f"places created {self.created:,}, changed {self.changed:,}, unchanged {self.unchanged:,}"
        )

    def __add__(self, other: Self) -> "PlacesTally":
        return PlacesTally(*(getattr(self, part.name) + getattr(other, part.name) for part in fields(self)))


def import_places(path: Path, mapping_path: Path, rejects: Path | None, tell: Tell, *, dry_run: bool = False) -> str:
    """Enter the places of a file; return in words what came of it. Doing it again changes nothing."""
    file = open_places(path, mapping_path)
    reader = PlaceReader(file, current_city(), path.name)
    number: int | None = None  # of the change that the whole import is

    def take(rows: list[TableRow], now: datetime) -> tuple[PlacesTally, list[Refused]]:
        nonlocal number
        read, refused = [], []
        for row in rows:
            try:
                read.append(reader.read(row))
            except Invalid as error:
                refused.append(file.mapping.refused(row, error.faults))
        entries = [entry for one in read for entry in one.entries]
        entries += learned((one.seen for one in read if one.seen), path.name)
        outcome = set_places(whole(entries), BY, now, source=path.name, into=number)
        number = None if dry_run else outcome.number or number
        empty = sum(not (one.entries or one.seen) for one in read)
        counts = (outcome.created, outcome.changed, outcome.unchanged)
        return PlacesTally(len(read) - empty, empty, len(refused), *counts), refused

    size = None if file.is_whole else AT_ONCE
    with Rejects(rejects_path(path, rejects, file.sheet), file.sheet) as beside:
        tally = work_through(file.sheet, (undone if dry_run else in_one)(take), beside, size, tell, PlacesTally())
    words = summary(f"{tally.rows:,} rows: {tally.words}.", beside, file.sheet)
    words = f"Dry run, nothing was changed. {words}" if dry_run else words
    return f"{words}\nChange {number} in the history; it can be undone as one." if number else words
