"""Change the working calendar: adopt a version, declare and withdraw days. Each change raises the revision."""

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

FIRST_DAY, LAST_DAY = date(1990, 1, 1), date(2100, 12, 31)  # a city may declare days between them
LONGEST_NAME = 100
MOST_DAYS = 400  # in one event: a calendar with other years would name thousands
Days = Mapping[date, tuple[bool, str]]  # for each day whether it is a working day, and its name


@transaction.atomic
def adopt_calendar(packs: Sequence[Pack], by: str, now: datetime) -> bool:
    """Adopt the calendar that packs, nation and city give now; return False if it counts as the last one does."""
    events.locked(STREAM)
    last = calendar_versions.last_adopted()
    calendar = calendar_versions.worked_out(packs, now)
    change = calendar_versions.difference(last.calendar, calendar) if last else None
    if last and change is None:
        return False
    number, text = last.number + 1 if last else 1, calendar_versions.calendar_text(calendar)
    WorkingCalendar.objects.create(number=number, adopted_at=now, content=text)
    payload = {"number": number, "digest": calendar_versions.digest(text), "announced_until": text["announced_until"]}
    _record("CalendarAdopted", by, now, {**payload, **_changed_days(change)})
    return True


@transaction.atomic
def declare_days(days: Days, by: str, now: datetime) -> bool:
    """Declare days off or working days of the city; return whether the calendar in force has changed."""
    if faults := day_faults(days):
        raise Invalid(faults)
    packs = _adopt_other_changes(by, now)
    rows = DeclaredDay.objects.filter(day__in=days).values_list("day", "is_workday", "name")
    known = {day: (is_workday, name) for day, is_workday, name in rows}
    new = {day: declared for day, declared in sorted(days.items()) if known.get(day) != declared}
    if not new:
        return False
    DeclaredDay.objects.bulk_create(
        [DeclaredDay(day=day, is_workday=kind, name=name, declared_at=now) for day, (kind, name) in new.items()],
        update_conflicts=True,
        unique_fields=["day"],
        update_fields=["is_workday", "name", "declared_at"],
    )
    payload = {day.isoformat(): {"is_workday": kind, "name": name} for day, (kind, name) in new.items()}
    _record("DaysDeclared", by, now, {"days": payload})
    return adopt_calendar(packs, by, now)


@transaction.atomic
def withdraw_days(days: Sequence[date], by: str, now: datetime) -> bool:
    """Withdraw declared days, so that the nation and the packs decide; return whether the calendar has changed."""
    packs = _adopt_other_changes(by, now)
    declared = DeclaredDay.objects.filter(day__in=days)
    withdrawn = sorted(declared.values_list("day", flat=True))
    if not withdrawn:
        return False
    declared.delete()
    _record("DaysWithdrawn", by, now, {"days": [day.isoformat() for day in withdrawn]})
    return adopt_calendar(packs, by, now)


def day_faults(days: Days) -> list[Fault]:
    """Return the faults of days to be declared."""
    faults = []
    for day, (_, name) in days.items():
        if not FIRST_DAY <= day <= LAST_DAY:
            faults.append(Fault(day.isoformat(), "day-out-of-range", {"first": str(FIRST_DAY), "last": str(LAST_DAY)}))
        if len(name) > LONGEST_NAME:
            faults.append(Fault(day.isoformat(), "name-too-long", {"most": LONGEST_NAME}))
        if not name.isprintable():
            faults.append(Fault(day.isoformat(), "unreadable-character"))
    return faults


def _adopt_other_changes(by: str, now: datetime) -> tuple[Pack, ...]:
    """Adopt what else has changed, so that the next version differs only by the declared days."""
    packs = packs_in_force()
    adopt_calendar(packs, by, now)
    return packs


def _changed_days(change: CalendarDifference | None) -> dict[str, object]:
    """Return the payload of a change: its first days, how many there are, whether rules changed too."""
    days = change.days if change else {}
    first = {day.isoformat(): kind for day, kind in list(days.items())[:MOST_DAYS]}
    return {"days": first, "days_in_all": len(days), "rules_changed": bool(change and change.rules)}


def _record(event: str, by: str, now: datetime, payload: Mapping[str, object]) -> None:
    raise_revision()
    events.record(STREAM, event, by, now, payload)
