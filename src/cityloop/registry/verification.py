"""The proof that the city's declared days and calendars are what the history says of them. Nothing is mended."""

from collections.abc import Iterator, Mapping
from typing import Any

from cityloop.registry import calendar_versions
from cityloop.registry.changes import STREAM
from cityloop.registry.models import DeclaredDay, WorkingCalendar
from cityloop.runtime.models import Event
from cityloop.runtime.verification import UNREADABLE, Finding

NAMES = ("CalendarAdopted", "DaysDeclared", "DaysWithdrawn")

Told = dict[Any, Any]


def findings() -> Iterator[Finding]:
    """Yield every calendar and every declared day that was altered, removed or added."""
    calendars: Told = {}
    days: Told = {}
    told = Event.objects.filter(stream=STREAM, name__in=NAMES).order_by("seq").values_list("name", "payload")
    for name, payload in told:
        try:
            _follow(calendars, days, name, payload)
        except UNREADABLE:
            continue  # an altered event: its chain has told of it
    yield from _differing("calendar", calendars, {row.number: _digest(row) for row in WorkingCalendar.objects.all()})
    kept = {row.day.isoformat(): {"is_workday": row.is_workday, "name": row.name} for row in DeclaredDay.objects.all()}
    yield from _differing("declared day", days, kept)


def _follow(calendars: Told, days: Told, name: str, payload: Mapping[str, Any]) -> None:
    if name == "CalendarAdopted":
        calendars[payload["number"]] = payload["digest"]
    elif name == "DaysDeclared":
        days.update(payload["days"])
    else:
        for day in payload["days"]:
            days.pop(day, None)


def _differing(what: str, expected: Told, kept: Told) -> Iterator[Finding]:
    for key in sorted(expected.keys() | kept.keys()):
        if expected.get(key) != kept.get(key):
            yield Finding(f"{what} {key}", "is not what the history says; that cannot be mended")


def _digest(row: WorkingCalendar) -> str:
    try:
        return calendar_versions.digest(row.content)
    except UNREADABLE:
        return "unreadable"
