"""What `cityloop import facilities` does: reads and places a census, and stores it in batches as one change."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from cityloop.channels.imports.facilities import open_census, place_word
from cityloop.channels.tables.columns import read_rows
from cityloop.channels.tables.rows import Refused, TableRow
from cityloop.entry.console.opening import BY, Tell
from cityloop.entry.imports.rows import RowTally, import_rows
from cityloop.registry.city.current import current_city
from cityloop.registry.facilities.checks import FacilityDoubts
from cityloop.registry.facilities.entries import FacilityEntry, Reader
from cityloop.registry.facilities.settling import FacilitySettling
from cityloop.registry.history.changes import ChangeOutcome, TableChange, apply
from cityloop.registry.history.tables import FACILITIES

EVENT = "FacilitiesSet"


def import_facilities(
    path: Path, mapping_path: Path | None, rejects: Path | None, size: int, tell: Tell, *, dry_run: bool = False
) -> str:
    """Store the facilities of a file, `size` in one transaction; return a summary."""
    sheet, mapping, rules = open_census(path, mapping_path)
    city, doubts, word = current_city(), FacilityDoubts(), place_word(path)
    reader, settling = Reader(rules, city), FacilitySettling(rules, city, word)
    number: int | None = None  # of the change that the whole import is

    def take(rows: list[TableRow], now: datetime) -> tuple[RowTally, list[Refused]]:
        nonlocal number
        read, refused = read_rows(rows, mapping, reader.read)
        entries = [entry for _, entry in read]
        places = [row.line or row.number for row, _ in read]
        settling.settle(entries, places)
        refused += [mapping.refused(row, entry.faults) for row, entry in read if entry.faults]
        refused.sort(key=lambda refusal: refusal.row.number)
        valid = [entry for entry in entries if not entry.faults]
        for place, entry in zip(places, entries, strict=True):
            if not entry.faults:
                doubts.add(f"{word} {place} {entry.code}", entry.doubts)
        outcome = _store(valid, now, path.name, number)
        # A change begun by a dry run disappears with its transaction.
        number = None if dry_run else outcome.number or number
        return RowTally(outcome.created, outcome.changed, outcome.unchanged, len(refused)), refused

    summary = import_rows(path, sheet, take, tell, rejects=rejects, size=size, dry_run=dry_run)
    for line in doubts.lines():
        tell(line)
    return f"{summary}\nChange {number} in the history; it can be undone as one." if number else summary


def _store(entries: Sequence[FacilityEntry], now: datetime, source: str, into: int | None) -> ChangeOutcome:
    rows = [entry.values for entry in entries]
    return apply([TableChange(FACILITIES, rows)], BY, now, EVENT, source=source, into=into)
