"""Every write of the city as data: packs, areas, units, duties, the working calendar. Each raises the revision."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import transaction

from cityloop.core.classes import ClassKey
from cityloop.core.errors import Fault, Invalid
from cityloop.registry import calendar_versions, pack_rows, pack_versions
from cityloop.registry.calendar_versions import Difference
from cityloop.registry.catalogue_texts import CatalogueClass, Condition
from cityloop.registry.changes import STREAM, Outcome, Part, apply, raise_revision
from cityloop.registry.models import DeclaredDay, PackTaken, WorkingCalendar
from cityloop.registry.pack_leftovers import brought, leftovers
from cityloop.registry.pack_versions import IsFollowed, refuse_changed
from cityloop.registry.packs import Pack
from cityloop.registry.packs_in_force import packs_changed, packs_in_force
from cityloop.registry.tables import AREAS, CLASSES, CONDITIONS, DUTIES, UNITS
from cityloop.runtime import events

FIRST_DAY, LAST_DAY = date(1990, 1, 1), date(2100, 12, 31)  # that a city may declare
LONGEST_NAME = 100
MOST_DAYS = 400  # named in one event: a calendar of other years would name thousands

Days = Mapping[date, tuple[bool, str]]  # whether it is a working day, and what it is called


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


@transaction.atomic
def take_up(packs: Sequence[Pack], by: str, now: datetime, is_followed: IsFollowed = lambda *_: False) -> Outcome:
    """Enter what packs bring: catalogues, crosswalks, conditions, limits. A pack that did not change is left alone.

    So what an administrator changed stays until the pack itself changes; then the pack's word holds, and the change
    can be undone. Raises Invalid where a procedure that cases follow says something else under its old version.
    """
    events.locked(STREAM)
    changed = packs_changed(packs)
    refuse_changed(changed, is_followed)
    known = {one.key for pack in packs for one in pack.classes}
    outcome = Outcome()
    for pack in changed:
        outcome += _taken(pack, packs, known, by, now)
    return outcome


def _taken(pack: Pack, packs: Sequence[Pack], known: set[ClassKey], by: str, now: datetime) -> Outcome:
    before = PackTaken.objects.filter(name=pack.name).first()
    left = leftovers(before.brought if before else {}, packs)
    digest = pack_rows.digest(pack.folder)
    told = {"pack": pack.name, "version": pack.version, "content": digest}
    source = f"{pack.name} {pack.version}"
    came = apply(pack_rows.parts(pack, known, left), by, now, "PacksTakenUp", source=source, told=told)
    row = {"version": pack.version, "digest": digest, "taken_at": now, "changes_id": came.number}
    ways = {**(before.procedures if before else {}), **pack_versions.digests(pack)}
    PackTaken.objects.update_or_create(name=pack.name, defaults={**row, "procedures": ways, "brought": brought(pack)})
    raise_revision()  # roles and procedures are read from the pack itself
    return came


def set_conditions(
    conditions: Sequence[Condition],
    by: str,
    now: datetime,
    *,
    source: str = "",
    classes: Sequence[CatalogueClass] = (),
    gone: Sequence[Condition] = (),
) -> Outcome:
    """Enter conditions for filing, or give known ones other words and limits; new classes first, `gone` go."""
    rows = [pack_rows.condition_row(condition) for condition in conditions]
    new = [pack_rows.class_row(one) for one in classes]
    removed = [CONDITIONS.named(pack_rows.condition_row(condition)) for condition in gone]
    return apply([Part(CLASSES, new), Part(CONDITIONS, rows, removed)], by, now, "ConditionsSet", source=source)


def set_areas(areas: Sequence[NewArea], by: str, now: datetime, *, source: str = "") -> Outcome:
    """Enter areas or give known ones new names and polygons."""
    return apply([Part(AREAS, [area.values() for area in areas])], by, now, "AreasSet", source=source)


def set_area_rows(rows: Sequence[Mapping[str, Any]], by: str, now: datetime, *, source: str = "") -> Outcome:
    """Enter areas as rows; of known ones what is not said stays."""
    return apply([Part(AREAS, rows)], by, now, "AreasSet", source=source)


def set_units(units: Mapping[str, str], by: str, now: datetime, *, handles: bool = True) -> Outcome:
    """Enter units by code and name, or rename known ones."""
    rows = [{"code": code, "name": name, "handles": handles} for code, name in units.items()]
    return apply([Part(UNITS, rows)], by, now, "UnitsSet")


def set_duties(duties: Sequence[tuple[str, str, str]], by: str, now: datetime) -> Outcome:
    """Enter who sees to what where: (category or its first digits, area, unit); blanks mean any."""
    rows = [{"category": category, "area": area, "unit": unit} for category, area, unit in duties]
    return apply([Part(DUTIES, rows)], by, now, "DutiesSet")


@transaction.atomic
def adopt_calendar(packs: Sequence[Pack], by: str, now: datetime) -> bool:
    """Put the calendar in force that packs, nation and city give now; False where it counts as the last one does."""
    events.locked(STREAM)
    last = calendar_versions.last_adopted()
    calendar = calendar_versions.worked_out(packs, now)
    change = calendar_versions.difference(last.calendar, calendar) if last else None
    if last and change is None:
        return False
    number, text = last.number + 1 if last else 1, calendar_versions.calendar_text(calendar)
    WorkingCalendar.objects.create(number=number, adopted_at=now, content=text)
    told = {"number": number, "digest": calendar_versions.digest(text), "announced_until": text["announced_until"]}
    _changed("CalendarAdopted", by, now, {**told, **_told(change)})
    return True


@transaction.atomic
def declare_days(days: Days, by: str, now: datetime) -> bool:
    """Make days the city's own days off or working days; return whether another calendar is in force now."""
    if faults := day_faults(days):
        raise Invalid(faults)
    packs = _calendar_settled(by, now)
    rows = DeclaredDay.objects.filter(day__in=days).values_list("day", "is_workday", "name")
    known = {day: (is_workday, name) for day, is_workday, name in rows}
    new = {day: said for day, said in sorted(days.items()) if known.get(day) != said}
    if not new:
        return False
    DeclaredDay.objects.bulk_create(
        [DeclaredDay(day=day, is_workday=kind, name=name, declared_at=now) for day, (kind, name) in new.items()],
        update_conflicts=True,
        unique_fields=["day"],
        update_fields=["is_workday", "name", "declared_at"],
    )
    said = {day.isoformat(): {"is_workday": kind, "name": name} for day, (kind, name) in new.items()}
    _changed("DaysDeclared", by, now, {"days": said})
    return adopt_calendar(packs, by, now)


@transaction.atomic
def withdraw_days(days: Sequence[date], by: str, now: datetime) -> bool:
    """Make days again what the nation and the packs say; return whether another calendar is in force now."""
    packs = _calendar_settled(by, now)
    declared = DeclaredDay.objects.filter(day__in=days)
    gone = sorted(declared.values_list("day", flat=True))
    if not gone:
        return False
    declared.delete()
    _changed("DaysWithdrawn", by, now, {"days": [day.isoformat() for day in gone]})
    return adopt_calendar(packs, by, now)


def day_faults(days: Days) -> list[Fault]:
    """Return what is wrong with days that are to be declared."""
    faults = []
    for day, (_, name) in days.items():
        if not FIRST_DAY <= day <= LAST_DAY:
            faults.append(Fault(day.isoformat(), f"lies before {FIRST_DAY} or after {LAST_DAY}"))
        if len(name) > LONGEST_NAME:
            faults.append(Fault(day.isoformat(), f"its name is longer than {LONGEST_NAME} signs"))
        if not name.isprintable():
            faults.append(Fault(day.isoformat(), "its name holds signs that cannot be read"))
    return faults


def _calendar_settled(by: str, now: datetime) -> tuple[Pack, ...]:
    """Adopt what else has changed, so that the version to come differs by the declared days alone."""
    packs = packs_in_force()
    adopt_calendar(packs, by, now)
    return packs


def _told(change: Difference | None) -> dict[str, object]:
    """Return what an event tells of a change: the first days of it, how many there are, whether more than days."""
    days = change.days if change else {}
    first = {day.isoformat(): kind for day, kind in list(days.items())[:MOST_DAYS]}
    return {"days": first, "days_in_all": len(days), "rules_changed": bool(change and change.rules)}


def _changed(event: str, by: str, now: datetime, payload: Mapping[str, object]) -> None:
    raise_revision()
    events.record(STREAM, event, by, now, payload)
