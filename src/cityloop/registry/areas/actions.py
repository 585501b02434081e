"""Changing one area by hand: its name, its grade, its days, with the reason. Outlines come in by an import.

Who may do it is decided above. The history keeps what was before, and a change can be undone there.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from cityloop.core.errors import Conflict, Fault, Invalid, NotFound
from cityloop.registry.history.changes import ChangeOutcome, TableChange, apply
from cityloop.registry.history.tables import AREAS
from cityloop.registry.models import Area, Change

EVENT = "AreaChanged"
GRADES = ("A", "B", "C")
LONGEST = 100


@dataclass(frozen=True, slots=True)
class WantedArea:
    """What an area is to be; `seen` is the last change of it that the person had before the eyes."""

    name: str
    grade: str
    valid_from: str  # as written: YYYY-MM-DD or nothing
    valid_until: str
    reason: str
    seen: int


def change_area(code: str, wanted: WantedArea, by: str, now: datetime, today: date) -> ChangeOutcome:
    """Give an area another name, grade or other days.

    Raises Invalid for wrong fields, Conflict when it was changed since it was looked at.
    """
    row = Area.objects.filter(code=code).first()
    if row is None:
        raise NotFound("no-such-area", "There is no such area.")
    days, faults = _days(wanted)
    faults += _faults(row, wanted, days, today)
    if faults:
        raise Invalid(faults)
    if last_change(code) > wanted.seen:
        raise Conflict("changed-meanwhile", "Somebody else changed this meanwhile; look at it again.")
    values = {"code": code, "name": wanted.name, "grade": wanted.grade, **days}
    return apply([TableChange(AREAS, [values])], by, now, EVENT, source=wanted.reason, details={"area": code})


def last_change(code: str) -> int:
    """Return the number of the last change of an area in the history, 0 where there was none."""
    rows = Change.objects.filter(table=AREAS.name, key=code).order_by("-id")
    return rows.values_list("changes_id", flat=True).first() or 0


def _days(wanted: WantedArea) -> tuple[dict[str, date | None], list[Fault]]:
    days: dict[str, date | None] = {"valid_from": None, "valid_until": None}
    faults = []
    for name in days:
        try:
            words = getattr(wanted, name)
            days[name] = date.fromisoformat(words) if words else None
        except ValueError:
            faults.append(Fault(name, "A day is written like 2026-11-22."))
    return days, faults


def _faults(row: Area, wanted: WantedArea, days: dict[str, date | None], today: date) -> list[Fault]:
    faults = [Fault(name, "This must be filled in.") for name in ("name", "reason") if not getattr(wanted, name)]
    for name in ("name", "reason"):
        if len(getattr(wanted, name)) > LONGEST:
            faults.append(Fault(name, f"is longer than {LONGEST} characters"))
        elif not getattr(wanted, name).isprintable():
            faults.append(Fault(name, "contains a character that cannot be stored"))
    if wanted.grade and wanted.grade not in GRADES:
        faults.append(Fault("grade", "This is not one of the choices."))
    first, last = days["valid_from"], days["valid_until"]
    if first and last and last <= first:
        faults.append(Fault("valid_until", "It ends before it begins."))
    elif row.valid_until and row.valid_until <= today and last != row.valid_until:
        faults.append(Fault("valid_until", "An area that has ended is not opened again: a new one gets a new code."))
    return faults


@dataclass(frozen=True, slots=True)
class NewArea:
    """An area to be entered: parents come before their children."""

    code: str
    name: str
    level: str
    parent: str | None
    shape: bytes
    grade: str = ""
    valid_from: date | None = None
    valid_until: date | None = None
    attributes: Mapping[str, Any] | None = None

    def values(self) -> dict[str, Any]:
        """Return the area as a row; what is not said of it stays as it is."""
        row: dict[str, Any] = {"code": self.code, "name": self.name, "level": self.level, "parent": self.parent}
        said = {name: getattr(self, name) for name in ("grade", "valid_from", "valid_until", "attributes")}
        return {**row, "shape": self.shape, **{name: value for name, value in said.items() if value}}


def set_areas(areas: Sequence[NewArea], by: str, now: datetime, *, source: str = "") -> ChangeOutcome:
    """Enter areas or give known ones new names and polygons."""
    return apply([TableChange(AREAS, [area.values() for area in areas])], by, now, "AreasSet", source=source)


def set_area_rows(rows: Sequence[Mapping[str, Any]], by: str, now: datetime, *, source: str = "") -> ChangeOutcome:
    """Enter areas as rows; of known ones what is not said stays."""
    return apply([TableChange(AREAS, rows)], by, now, "AreasSet", source=source)
