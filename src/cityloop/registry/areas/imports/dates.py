"""From when to when areas stand, as an import settles it: what ends, what may not come again. Nothing is written.

A changed grid gets a new code, the old one is ended and never used again (GB/T 30428.1; standards.md §1.1).
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date

import shapely
from shapely.geometry.base import BaseGeometry

from cityloop.core.errors import Fault
from cityloop.core.place.areas import spoken
from cityloop.core.place.measuring import square_metres
from cityloop.registry.areas.imports.gathering import Further, Gathered
from cityloop.registry.areas.known import Known, KnownArea


@dataclass(frozen=True, slots=True)
class Days:
    """The day of the import, and the day from which the file holds (None: it says so itself, or always)."""

    today: date
    starts: date | None = None

    @property
    def begins(self) -> date:
        return self.starts or self.today


def faults(own: Gathered, wholes: Mapping[str, BaseGeometry], known: Known, days: Days, least: float) -> list[Fault]:
    """Return what forbids the import: codes that had ended, outlines that are to change on a day to come."""
    found = []
    for code, shape in wholes.items():
        before, further = known.get(code), own.further.get(code, Further())
        if before is None:
            continue
        name = f"{spoken(own.level)} {before.called}"
        if before.level != own.level:
            found.append(Fault(name, f"its code is that of a {spoken(before.level)} already"))
        elif not before.stands(days.begins) and further.valid_until != before.valid_until:
            why = f"ended on {before.valid_until}, and an ended code is never used again: give the area a new code"
            found.append(Fault(name, why))
        elif days.begins > days.today and _changed(before.shape, shape) > least:
            why = f"its outline changes on {days.begins}, a day to come, and one code has one outline at a time"
            found.append(Fault(name, f"{why}: give it a new code (the old one then ends), or enter it on the day"))
    return found


def _changed(before: BaseGeometry, after: BaseGeometry) -> float:
    return float(square_metres([shapely.symmetric_difference(before, after)])[0])


def ended(own: Gathered, parents: Collection[str | None], known: Known, days: Days, replaces: str) -> list[KnownArea]:
    """Return the known areas of the level that the file lacks and replaces: they end on the day it begins."""
    if replaces == "nothing":
        return []
    standing = (one for one in known.values() if one.level == own.level and one.stands(days.begins))
    missing = (one for one in standing if one.code not in own.names)
    return [one for one in missing if replaces == "all" or one.parent in parents]


def begins(code: str, further: Further, known: Known, days: Days, replaces: str) -> date | None:
    """Return from when an area stands: as the file says, from the day of a new one, else as before."""
    if further.valid_from or code in known:
        return further.valid_from
    return days.begins if days.starts or replaces != "nothing" else None


def left_behind(gone: Iterable[KnownArea], moved: Iterable[str], known: Known, on: date) -> dict[str, int]:
    """Return how many areas that stand on lie within each that ends."""
    ended, moves = {one.code for one in gone}, set(moved)
    counts: dict[str, int] = {}
    for one in known.values():
        if one.parent in ended and one.code not in ended | moves and one.stands(on):
            counts[one.parent] = counts.get(one.parent, 0) + 1
    return counts
