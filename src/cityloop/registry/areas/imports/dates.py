"""Decide from when to when areas are valid after an import: which end, which codes cannot return. Nothing is written.

A changed grid gets a new code; the old one ends and is never used again (GB/T 30428.1; standards.md §1.1).
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
    """The day of the import, and the day from which the file is valid (None: it says so itself, or always)."""

    today: date
    starts: date | None = None

    @property
    def begins(self) -> date:
        return self.starts or self.today


def faults(own: Gathered, wholes: Mapping[str, BaseGeometry], known: Known, days: Days, least: float) -> list[Fault]:
    """Return what forbids the import: codes that had ended, outlines that change on a future day."""
    found = []
    for code, shape in wholes.items():
        before, further = known.get(code), own.further.get(code, Further())
        if before is None:
            continue
        name = f"{spoken(own.level)} {before.label}"
        if before.level != own.level:
            found.append(Fault(name, "code-of-another-level", {"level": spoken(before.level)}))
        elif not before.is_current(days.begins) and further.valid_until != before.valid_until:
            found.append(Fault(name, "code-had-ended", {"day": str(before.valid_until)}))
        elif days.begins > days.today and _changed(before.shape, shape) > least:
            found.append(Fault(name, "outline-changes-later", {"day": str(days.begins)}))
    return found


def _changed(before: BaseGeometry, after: BaseGeometry) -> float:
    return float(square_metres([shapely.symmetric_difference(before, after)])[0])


def ended(own: Gathered, parents: Collection[str | None], known: Known, days: Days, replaces: str) -> list[KnownArea]:
    """Return the known areas of the level that the file replaces and lacks: they end on the day it begins."""
    if replaces == "nothing":
        return []
    current = (area for area in known.values() if area.level == own.level and area.is_current(days.begins))
    missing = (area for area in current if area.code not in own.names)
    return [area for area in missing if replaces == "all" or area.parent in parents]


def begins(code: str, further: Further, known: Known, days: Days, replaces: str) -> date | None:
    """Return from when an area is valid: as the file says, from the day of the import if it is new, else as before."""
    if further.valid_from or code in known:
        return further.valid_from
    return days.begins if days.starts or replaces != "nothing" else None


def left_behind(ending: Iterable[KnownArea], moved: Iterable[str], known: Known, on: date) -> dict[str, int]:
    """Return how many areas that do not end are inside each area that ends."""
    codes, moves = {area.code for area in ending}, set(moved)
    counts: dict[str, int] = {}
    for area in known.values():
        if area.parent in codes and area.code not in codes | moves and area.is_current(on):
            counts[area.parent] = counts.get(area.parent, 0) + 1
    return counts
