"""Checks that the city's data is what the history says. Nothing is repaired."""

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Q

from cityloop.registry.calendar import versions as calendar_versions
from cityloop.registry.history import proof as of_changes
from cityloop.registry.history.changes import STREAM, RowDifference, digest, every, read
from cityloop.registry.history.tables import TABLES, CityTable
from cityloop.registry.models import Change, DeclaredDay, Revision, WorkingCalendar
from cityloop.registry.packs.checks import proof as of_packs
from cityloop.registry.packs.checks.proof import NOTED
from cityloop.registry.people import proof as of_people
from cityloop.runtime.models import Event
from cityloop.runtime.verification import UNREADABLE, Finding

NAMES = ("CalendarAdopted", "DaysDeclared", "DaysWithdrawn")
PROOFS = (of_changes, of_packs, of_people)  # further ones, each beside what it proves
AT_ONCE = 5000
UNREPAIRABLE = "is not what the history says; that cannot be repaired"

# The last change of every row, one table after the other.
_LAST = """
    SELECT DISTINCT ON (key) key, after::text FROM registry_change WHERE "table" = %s ORDER BY key, id DESC
"""

Expected = dict[Any, Any]


def findings() -> Iterator[Finding]:
    """Yield every calendar, declared day and row of the city's data that is not what the history says."""
    yield from _days_altered()
    yield from _changes_altered()
    for name in TABLES:
        yield from _rows_altered(name)
    yield from _revision_lowered()
    for proof in PROOFS:
        yield from proof.findings()


def unproved() -> Iterator[str]:
    """Yield what cannot be proved, because its events were written before they held enough."""
    for proof in PROOFS:
        yield from proof.unproved()
    if _began_without_changes():
        rows = {name: len(_without_change(table)) for name, table in TABLES.items()}
        yield from (f"{count} {name}, entered before changes were kept" for name, count in rows.items() if count)


def _days_altered() -> Iterator[Finding]:
    """Yield the calendars and declared days that are not what the history says."""
    calendars: Expected = {}
    days: Expected = {}
    recorded = Event.objects.filter(stream=STREAM, name__in=NAMES).order_by("seq")
    for name, at, payload in recorded.values_list("name", "at", "payload"):
        try:
            _follow(calendars, days, name, at, payload)
        except UNREADABLE:
            continue  # an altered event: the check of the chain reports it
    adopted = {row.number: (_digest(row), row.adopted_at) for row in WorkingCalendar.objects.all()}
    yield from _differing("calendar", calendars, adopted)
    declared = DeclaredDay.objects.values_list("day", "is_workday", "name", "declared_at")
    yield from _differing("declared day", days, {day.isoformat(): tuple(row) for day, *row in declared})


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
    table, there = TABLES[name], 0
    with connection.cursor() as cursor:
        cursor.execute(_LAST, [name])
        while rows := cursor.fetchmany(AT_ONCE):
            last = {key: after and json.loads(after) for key, after in rows}
            present = read(table, last)
            there += len(present)
            altered = [key for key, after in last.items() if present.get(key) != after]
            yield from (Finding(f"{name} {key}", UNREPAIRABLE) for key in altered)
    if table.model._default_manager.count() > there and not _began_without_changes():
        yield from (Finding(f"{name} {key}", "no change brought this row") for key in _without_change(table))


def _without_change(table: CityTable) -> list[str]:
    """Return the keys of the rows that the history of changes does not have."""
    known = set(Change.objects.filter(table=table.name).values_list("key", flat=True))
    return sorted(every(table).keys() - known)


def _began_without_changes() -> bool:
    """Return whether the city is older than the history of changes: its first rows have none."""
    recorded = Event.objects.filter(stream=STREAM).exclude(name__in=(*NAMES, NOTED))
    return recorded.exclude(payload__has_key="changes").exists()


def _revision_lowered() -> Iterator[Finding]:
    """Yield a revision that is lower than the changes it was raised for: processes would not read the city again."""
    in_memory = [name for name, table in TABLES.items() if table.in_memory]
    raising = Q(name__in=(*NAMES, NOTED)) | Q(payload__has_key="changes", payload__tables__has_any_keys=in_memory)
    raised = Event.objects.filter(raising, stream=STREAM).count()
    if raised > sum(Revision.objects.values_list("number", flat=True)):
        yield Finding("revision", "is missing, or lower than the changes in the history")


def _follow(calendars: Expected, days: Expected, name: str, at: datetime, payload: Mapping[str, Any]) -> None:
    if name == "CalendarAdopted":
        calendars[payload["number"]] = (payload["digest"], at)
    elif name == "DaysDeclared":
        days.update({day: (row["is_workday"], row["name"], at) for day, row in payload["days"].items()})
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
