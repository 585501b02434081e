"""Checks that the city's data is what the history says. Nothing is repaired."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from django.db import connection

from cityloop.registry.calendar import versions as calendar_versions
from cityloop.registry.history.changes import STREAM, RowDifference, digest, read
from cityloop.registry.history.tables import TABLES
from cityloop.registry.models import Change, DeclaredDay, WorkingCalendar
from cityloop.runtime.models import Event
from cityloop.runtime.verification import UNREADABLE, Finding

NAMES = ("CalendarAdopted", "DaysDeclared", "DaysWithdrawn")
AT_ONCE = 5000
UNREPAIRABLE = "is not what the history says; that cannot be repaired"

# The last change of every row, one table after the other.
_LAST = """
    SELECT DISTINCT ON (key) key, after::text FROM registry_change WHERE "table" = %s ORDER BY key, id DESC
"""

Expected = dict[Any, Any]


def findings() -> Iterator[Finding]:
    """Yield every calendar, declared day and row of the city's data that is not what the history says."""
    calendars: Expected = {}
    days: Expected = {}
    recorded = Event.objects.filter(stream=STREAM, name__in=NAMES).order_by("seq").values_list("name", "payload")
    for name, payload in recorded:
        try:
            _follow(calendars, days, name, payload)
        except UNREADABLE:
            continue  # an altered event: the check of the chain reports it
    yield from _differing("calendar", calendars, {row.number: _digest(row) for row in WorkingCalendar.objects.all()})
    kept = {row.day.isoformat(): {"is_workday": row.is_workday, "name": row.name} for row in DeclaredDay.objects.all()}
    yield from _differing("declared day", days, kept)
    yield from _changes_altered()
    for name in TABLES:
        yield from _rows_altered(name)


def _changes_altered() -> Iterator[Finding]:
    """Yield the changes whose rows are not those in their events."""
    recorded = Event.objects.filter(stream=STREAM, payload__has_keys=["changes", "digest"]).order_by("seq")
    rows = Change.objects.order_by("id").values_list("changes", "table", "key", "before", "after").iterator(AT_ONCE)
    expected: dict[int, list[tuple[int, str]]] = {}
    for payload in recorded.values_list("payload", flat=True):
        counted = sum(payload[name] for name in ("created", "changed", "removed"))
        expected.setdefault(payload["changes"], []).append((counted, payload["digest"]))
    waiting: dict[int, list[RowDifference]] = {}
    altered: set[int] = set()
    for number, table, key, before, after in rows:
        pieces = expected.get(number)
        if not pieces or table not in TABLES:
            altered.add(number)
            continue
        piece = waiting.setdefault(number, [])
        piece.append(RowDifference(TABLES[table], key, before, after))
        if len(piece) == pieces[0][0]:
            if digest(piece) != pieces[0][1]:
                altered.add(number)
            pieces.pop(0)
            waiting[number] = []
    altered |= {number for number, pieces in expected.items() if pieces}
    altered |= {number for number, piece in waiting.items() if piece}
    yield from (Finding(f"change {number}", UNREPAIRABLE) for number in sorted(altered))


def _rows_altered(name: str) -> Iterator[Finding]:
    """Yield the rows of a table that are not as their last change left them."""
    table = TABLES[name]
    with connection.cursor() as cursor:
        cursor.execute(_LAST, [name])
        while rows := cursor.fetchmany(AT_ONCE):
            last = {key: after and json.loads(after) for key, after in rows}
            present = read(table, last)
            altered = [key for key, after in last.items() if present.get(key) != after]
            yield from (Finding(f"{name} {key}", UNREPAIRABLE) for key in altered)


def _follow(calendars: Expected, days: Expected, name: str, payload: Mapping[str, Any]) -> None:
    if name == "CalendarAdopted":
        calendars[payload["number"]] = payload["digest"]
    elif name == "DaysDeclared":
        days.update(payload["days"])
    else:
        for day in payload["days"]:
            days.pop(day, None)


def _differing(what: str, expected: Expected, kept: Expected) -> Iterator[Finding]:
    for key in sorted(expected.keys() | kept.keys()):
        if expected.get(key) != kept.get(key):
            yield Finding(f"{what} {key}", UNREPAIRABLE)


def _digest(row: WorkingCalendar) -> str:
    try:
        return calendar_versions.digest(row.content)
    except UNREADABLE:
        return "unreadable"
