"""Reads the changes of the city's data: their list, one change row by row, the history of one row."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef

from cityloop.registry.history.tables import TABLES
from cityloop.registry.models import Change, ChangeSet
from cityloop.registry.people.accounts import account_names

PAGE = 50
ROWS_SHOWN = 200  # of one change; an import has thousands
LONGEST_SHOWN = 120  # of a value
HIDDEN = ("shape",)  # a polygon means nothing to a reader
LEFT_OUT = ("initials",)


@dataclass(frozen=True, slots=True)
class ChangeLine:
    """One change in the list."""

    number: int
    what: str
    source: str
    by: str
    at: datetime
    created: int
    changed: int
    removed: int
    undone_by: int | None
    undoes: int | None


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field of a row before and after, as plain JSON."""

    name: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class RowChange:
    """One row of a change: created, changed or removed, with the fields that differ."""

    number: int
    table: str
    key: str
    name: str
    kind: str
    fields: tuple[FieldChange, ...]
    by: str
    at: datetime


def changes(before: int | None = None, table: str | None = None) -> tuple[list[ChangeLine], int | None]:
    """Return changes, the last ones first, and the number to go on from, or None."""
    chosen = ChangeSet.objects.order_by("-number")
    if before:
        chosen = chosen.filter(number__lt=before)
    if table:
        chosen = chosen.filter(Exists(Change.objects.filter(changes=OuterRef("pk"), table=table)))
    numbers = list(chosen.values_list("number", flat=True)[: PAGE + 1])
    lines = _lines(numbers[:PAGE])
    return lines, numbers[PAGE - 1] if len(numbers) > PAGE else None


def change(number: int) -> tuple[ChangeLine, list[RowChange], int] | None:
    """Return one change, its first rows, and how many rows it has; None where there is no such change."""
    lines = _lines([number])
    if not lines:
        return None
    rows = Change.objects.filter(changes=number).select_related("changes").order_by("id")
    line = lines[0]
    return line, list(_rows(rows[:ROWS_SHOWN])), line.created + line.changed + line.removed


def changes_of_pack(name: str) -> list[ChangeLine]:
    """Return the changes that taking up a pack made, the last first."""
    chosen = ChangeSet.objects.filter(what="PacksTakenUp", source__startswith=f"{name} ").order_by("-number")
    return _lines(list(chosen.values_list("number", flat=True)[:PAGE]))


def history(table: str, keys: Sequence[str]) -> list[RowChange]:
    """Return what was changed in rows of a table, the last first."""
    rows = Change.objects.filter(table=table, key__in=keys).select_related("changes").order_by("-id")
    return list(_rows(rows[:ROWS_SHOWN]))


def _lines(numbers: Sequence[int]) -> list[ChangeLine]:
    fields = ("number", "what", "source", "by", "at", "created", "changed", "removed", "undone_by", "undoes")
    found = list(ChangeSet.objects.filter(number__in=numbers).order_by("-number").values(*fields))
    names = account_names({row["by"] for row in found})
    return [ChangeLine(**{**row, "by": names.get(row["by"], row["by"])}) for row in found]


def _rows(chosen: Any) -> Iterator[RowChange]:
    found = list(chosen)
    names = account_names({row.changes.by for row in found})
    for row in found:
        kind = "created" if row.before is None else "removed" if row.after is None else "changed"
        either: Mapping[str, Any] = row.after or row.before
        name = str(either.get("name") or "")
        by = names.get(row.changes.by, row.changes.by)
        fields = tuple(_differing(row.table, row.before or {}, row.after or {}))
        yield RowChange(row.changes_id, row.table, row.key, name, kind, fields, by, row.changes.at)


def _differing(table: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[FieldChange]:
    for name in TABLES[table].fields if table in TABLES else sorted({*before, *after}):
        if name in LEFT_OUT:
            continue
        was, now = before.get(name), after.get(name)
        if was != now and not (was in (None, "", [], {}) and now in (None, "", [], {})):
            yield FieldChange(name, _shown(name, was), _shown(name, now))


def _shown(name: str, value: Any) -> Any:
    """Return a value for a screen: without polygons, long text shortened."""
    if value in (None, "", [], {}):
        return ""
    if name in HIDDEN:
        return "…"
    if isinstance(value, list):
        value = ", ".join(map(str, value))
    return f"{value[:LONGEST_SHOWN]}…" if isinstance(value, str) and len(value) > LONGEST_SHOWN else value
