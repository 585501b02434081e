"""Reads days off and working days that a city declares from a table with the columns date, kind and name.

Columns and words may be Chinese. One wrong row refuses the whole table: half a notice is not a calendar. The registry
declares the days.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

from cityloop.channels.tables.cells import as_day, as_words
from cityloop.channels.tables.columns import no_column
from cityloop.channels.tables.rows import Sheet, TableRow
from cityloop.channels.tables.sheets import open_sheet
from cityloop.core.errors import Fault, Invalid
from cityloop.registry.calendar.actions import day_faults

COLUMNS = {"date": ("date", "日期"), "kind": ("kind", "类型"), "name": ("name", "名称")}  # name may be left out
KINDS = {"off": False, "休": False, "on": True, "班": True, "withdraw": None, "撤销": None}


@dataclass(frozen=True, slots=True)
class NamedDays:
    """The days of a table: those declared (whether a working day, and the name), and those withdrawn."""

    declared: dict[date, tuple[bool, str]] = field(default_factory=dict)
    withdrawn: set[date] = field(default_factory=set)

    def count(self, *, is_workday: bool) -> int:
        """Return how many days are declared to be working days, or days off."""
        return sum(kind is is_workday for kind, _ in self.declared.values())


def read_days(path: Path) -> NamedDays:
    """Return the days in a CSV or Parquet file; raise Invalid naming everything wrong in it."""
    sheet = open_sheet(path)
    places = _places(path, sheet)
    found, faults = NamedDays(), []
    for row in sheet.rows:
        at = f"line {row.line}" if row.line else f"row {row.number}"
        faults += [
            Fault(f"{at} {each.field}".strip(), each.code, each.values)
            for each in _add(row, places, found, sheet.first_day)
        ]
    if not (faults or found.declared or found.withdrawn):
        faults.append(Fault(path.name, "table-no-rows"))
    if faults:
        raise Invalid(faults)
    return found


def _places(path: Path, sheet: Sheet) -> Mapping[str, int]:
    heading = [name.lower() for name in sheet.columns]
    places = {ours: heading.index(name) for ours, names in COLUMNS.items() for name in names if name in heading}
    missing = [" / ".join(COLUMNS[ours]) for ours in ("date", "kind") if ours not in places]
    if missing:
        raise Invalid([no_column(path, name, sheet) for name in missing])
    return places


def _add(row: TableRow, places: Mapping[str, int], found: NamedDays, first_day: datetime) -> Iterator[Fault]:
    """Add a row to the days found, or yield what is wrong with it."""
    if row.fault:
        yield Fault("", row.fault.code, row.fault.values)
        return
    cells = {ours: row.cells[place] for ours, place in places.items()}
    day, kind = _day(cells["date"], first_day), as_words(cells["kind"]).lower()
    if day is None:
        yield Fault("date", "not-a-day")
    if kind not in KINDS:
        yield Fault("kind", "cell-not-a-choice", {"value": kind, "choices": ", ".join(KINDS)})
    if day is None or kind not in KINDS:
        return
    if day in found.declared or day in found.withdrawn:
        yield Fault("date", "cell-day-repeated", {"day": day})
    elif (is_workday := KINDS[kind]) is None:
        found.withdrawn.add(day)
    else:
        found.declared[day] = (is_workday, as_words(cells.get("name")))
        yield from day_faults({day: found.declared[day]})


def _day(value: Any, first_day: datetime) -> date | None:
    try:
        return as_day(value, first_day=first_day)
    except ValueError:
        return None
