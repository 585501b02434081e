"""Change one area by hand: its name, grade and days, with the reason. Outlines come from an import.

The callers decide who may do it. The history keeps the former values, and a change can be undone there.
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
    """The values an area is to get; `seen` is the number of its last change that the person has seen."""

    name: str
    grade: str
    valid_from: str  # as typed: YYYY-MM-DD or empty
    valid_until: str
    reason: str
    seen: int


def change_area(code: str, wanted: WantedArea, by: str, now: datetime, today: date) -> ChangeOutcome:
    """Change the name, grade or days of an area.

    Raise Invalid for faults in fields, Conflict if somebody else changed the area since `seen`.
    """
    row = Area.objects.filter(code=code).first()
    if row is None:
        raise NotFound("no-such-area")
    days, faults = _parse_days(wanted)
    faults += _faults(row, wanted, days, today)
    if faults:
        raise Invalid(faults)
    if last_change(code) > wanted.seen:
        raise Conflict("changed-meanwhile")
    values = {"code": code, "name": wanted.name, "grade": wanted.grade, **days}
    return apply([TableChange(AREAS, [values])], by, now, EVENT, source=wanted.reason, details={"area": code})


def last_change(code: str) -> int:
    """Return the number of the last change of an area in the history, 0 if there was none."""
    rows = Change.objects.filter(table=AREAS.name, key=code).order_by("-id")
    return rows.values_list("changes_id", flat=True).first() or 0


def _parse_days(wanted: WantedArea) -> tuple[dict[str, date | None], list[Fault]]:
    days: dict[str, date | None] = {"valid_from": None, "valid_until": None}
    faults = []
    for name in days:
        try:
            typed = getattr(wanted, name)
            days[name] = date.fromisoformat(typed) if typed else None
        except ValueError:
            faults.append(Fault(name, "not-a-day"))
    return days, faults


def _faults(row: Area, wanted: WantedArea, days: dict[str, date | None], today: date) -> list[Fault]:
    faults = [Fault(name, "required") for name in ("name", "reason") if not getattr(wanted, name)]
    for name in ("name", "reason"):
        if len(getattr(wanted, name)) > LONGEST:
            faults.append(Fault(name, "too-long", {"most": LONGEST}))
        elif not getattr(wanted, name).isprintable():
            faults.append(Fault(name, "unstorable-character"))
    if wanted.grade and wanted.grade not in GRADES:
        faults.append(Fault("grade", "not-a-choice"))
    first, last = days["valid_from"], days["valid_until"]
    if first and last and last <= first:
        faults.append(Fault("valid_until", "ends-before-it-begins"))
    elif row.valid_until and row.valid_until <= today and last != row.valid_until:
        faults.append(Fault("valid_until", "area-stays-ended"))
    return faults


@dataclass(frozen=True, slots=True)
class NewArea:
    """An area to save: parents come before their children."""

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
        """Return the area as a row, without what is empty: an area that exists keeps those values."""
        row: dict[str, Any] = {"code": self.code, "name": self.name, "level": self.level, "parent": self.parent}
        given = {name: getattr(self, name) for name in ("grade", "valid_from", "valid_until", "attributes")}
        return {**row, "shape": self.shape, **{name: value for name, value in given.items() if value}}


def set_areas(areas: Sequence[NewArea], by: str, now: datetime, *, source: str = "") -> ChangeOutcome:
    """Save areas: new ones, and new names and polygons of those that exist."""
    return apply([TableChange(AREAS, [area.values() for area in areas])], by, now, "AreasSet", source=source)


def set_area_rows(rows: Sequence[Mapping[str, Any]], by: str, now: datetime, *, source: str = "") -> ChangeOutcome:
    """Save areas given as rows; an area that exists keeps the columns that its row lacks."""
    return apply([TableChange(AREAS, rows)], by, now, "AreasSet", source=source)
