"""Writes of the working calendar: adopting a version, declaring and withdrawing days. Each raises the revision."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from django.db import transaction

from cityloop.core.errors import Fault, Invalid
from cityloop.registry.calendar import versions as calendar_versions
from cityloop.registry.calendar.versions import CalendarDifference
from cityloop.registry.history.changes import STREAM
from cityloop.registry.models import DeclaredDay, WorkingCalendar
from cityloop.registry.packs.in_force import packs_in_force
from cityloop.registry.packs.reading import Pack
from cityloop.registry.revision import raise_revision
from cityloop.runtime.log import events

FIRST_DAY, LAST_DAY = date(1990, 1, 1), date(2100, 12, 31)  # that a city may declare
LONGEST_NAME = 100
MOST_DAYS = 400  # named in one event: a calendar of other years would name thousands
Days = Mapping[date, tuple[bool, str]]  # whether it is a working day, and what it is called


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


def _told(change: CalendarDifference | None) -> dict[str, object]:
    """Return what an event tells of a change: the first days of it, how many there are, whether more than days."""
    days = change.days if change else {}
    first = {day.isoformat(): kind for day, kind in list(days.items())[:MOST_DAYS]}
    return {"days": first, "days_in_all": len(days), "rules_changed": bool(change and change.rules)}


def _changed(event: str, by: str, now: datetime, payload: Mapping[str, object]) -> None:
    raise_revision()
    events.record(STREAM, event, by, now, payload)
