"""Changes the city's data: writes what differs, keeps it before and after, records one event, and can undo it.

Rows are plain JSON (tables.py). A row that is already as wanted is not touched, so the same import a second time
changes nothing. The callers decide what a person may change.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F, ProtectedError, QuerySet

from cityloop.core.errors import Conflict, Fault, Invalid, NotFound, NotPossible
from cityloop.registry.history import writing
from cityloop.registry.history.tables import TABLES, CityTable, Values
from cityloop.registry.models import Change, ChangeSet
from cityloop.registry.revision import raise_revision
from cityloop.runtime.log import events

STREAM = "registry"
UNDONE = "ChangesUndone"
COUNTS = ("created", "changed", "removed")
AT_ONCE = 2000  # rows in one statement
SHOWN = 5  # rows named where a change cannot be undone
PIECE = 10_000  # rows in memory at a time while many are undone


@dataclass(frozen=True, slots=True)
class TableChange:
    """The wanted state of one table: rows as they should be (fields left out stay), and keys of rows to remove."""

    table: CityTable
    wanted: Sequence[Values] = ()
    removed: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class RowDifference:
    """One row before and after; None where there was or will be none."""

    table: CityTable
    key: str
    before: Values | None
    after: Values | None


@dataclass(frozen=True, slots=True)
class ChangeOutcome:
    """The result of a change; `number` names it in the history, None where nothing differed."""

    created: int = 0
    changed: int = 0
    removed: int = 0
    unchanged: int = 0
    number: int | None = None

    @property
    def differs(self) -> bool:
        return bool(self.created or self.changed or self.removed)

    def __add__(self, other: "ChangeOutcome") -> "ChangeOutcome":
        return ChangeOutcome(
            self.created + other.created,
            self.changed + other.changed,
            self.removed + other.removed,
            self.unchanged + other.unchanged,
            self.number or other.number,
        )


@transaction.atomic
def apply(
    parts: Sequence[TableChange],
    by: str,
    now: datetime,
    event: str,
    *,
    source: str = "",
    into: int | None = None,
    details: Mapping[str, Any] | None = None,
) -> ChangeOutcome:
    """Make the rows as wanted; return the result.

    `into` adds to a change begun before, so that an import of many pieces is one in the history; `details` are added to
    the event. Raises Invalid for an unknown reference, NotPossible for removing what something else still refers to.
    """
    events.locked(STREAM)
    differences = [difference for part in parts for difference in differing(part)]
    unchanged = sum(len(part.wanted) for part in parts) - sum(d.after is not None for d in differences)
    if not differences:
        return ChangeOutcome(unchanged=unchanged, number=into)
    number = into or ChangeSet.objects.create(what=event, source=source, by=by, at=now).number
    for part in parts:
        _write(part.table, [d for d in differences if d.table is part.table])
    _keep(number, differences)
    outcome = _counted(differences, unchanged, number)
    sums = {name: F(name) + getattr(outcome, name) for name in COUNTS}
    ChangeSet.objects.filter(number=number).update(**sums)
    begun = {} if into else {"source": source}
    _record(event, by, now, outcome, differences, {**begun, **(details or {})})
    return outcome


def differing(part: TableChange) -> list[RowDifference]:
    """Return how the wanted rows differ from the present ones: what `apply` would do. Nothing is written."""
    table = part.table
    wanted = {table.named(row): row for row in part.wanted}
    present = read(table, {*wanted, *part.removed})
    found = []
    defaults = table.defaults()
    for key, row in wanted.items():
        before = present.get(key)
        given = {name: table.to_json(name, value) for name, value in row.items()}
        after = {**(before or defaults), **given}
        if after != before:
            found.append(RowDifference(table, key, before, after))
    removed = (key for key in dict.fromkeys(part.removed) if key in present and key not in wanted)
    return found + [RowDifference(table, key, present[key], None) for key in removed]


def read(table: CityTable, keys: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Return the rows of keys as plain JSON; unknown keys are left out."""
    listed = sorted(set(keys))
    found: dict[str, dict[str, Any]] = {}
    for first in range(0, len(listed), AT_ONCE):
        found |= _read(table, listed[first : first + AT_ONCE])
    return found


def every(table: CityTable) -> dict[str, dict[str, Any]]:
    """Return all rows of a table as plain JSON by their keys."""
    return {table.named(row): row for row in _rows(table, table.model._default_manager.all())}


@transaction.atomic
def undo(number: int, by: str, now: datetime) -> ChangeOutcome:
    """Restore every row of a change as it was before; Conflict where one was changed again since."""
    events.locked(STREAM)
    changes = ChangeSet.objects.filter(number=number).first()
    if changes is None:
        raise NotFound("no-such-change")
    if ChangeSet.objects.filter(undoes=changes).exists():
        raise Conflict("already-undone")
    new = ChangeSet.objects.create(what=UNDONE, source=changes.source, by=by, at=now, undoes=changes)
    details = {"undoes": number, "what": changes.what, "source": changes.source}
    outcome = ChangeOutcome(number=new.number)
    for rows in _pieces(changes):
        back = _first_and_last(rows)
        _refuse_changed_since(back)
        parts = [_backwards(TABLES[name], [d for d in back if d.table.name == name]) for name in _order(back)]
        outcome += apply(parts, by, now, UNDONE, into=new.number, details=details)
    return outcome


def _pieces(changes: ChangeSet) -> Iterator[QuerySet[Change]]:
    """Yield the rows of a change: all at once, or in pieces by key where there are many and they refer to nothing.

    So a census of a million facilities is undone in bounded memory.
    """
    tables = [TABLES[name] for name in changes.rows.values_list("table", flat=True).distinct().order_by("table")]
    if changes.rows.count() <= PIECE or any(table.refers for table in tables):
        yield changes.rows.all()
        return
    for table in tables:
        own, last = changes.rows.filter(table=table.name), ""
        while keys := list(own.filter(key__gt=last).values_list("key", flat=True).order_by("key")[:PIECE]):
            yield own.filter(key__gt=last, key__lte=keys[-1])
            last = keys[-1]


def _order(back: Sequence[RowDifference]) -> list[str]:
    """Return the names of the tables to undo: what others refer to comes last, as it was written first."""
    return [name for name in reversed(TABLES) if any(d.table.name == name for d in back)]


def _backwards(table: CityTable, back: Sequence[RowDifference]) -> TableChange:
    wanted = [difference.before for difference in back if difference.before is not None]
    return TableChange(table, wanted, [difference.key for difference in back if difference.before is None])


def _first_and_last(rows: QuerySet[Change]) -> list[RowDifference]:
    """Return each row of a change once, as it was before all of it and after all of it."""
    found: dict[tuple[str, str], RowDifference] = {}
    for table, key, before, after in rows.order_by("id").values_list("table", "key", "before", "after"):
        first = found.get((table, key))
        found[table, key] = RowDifference(TABLES[table], key, first.before if first else before, after)
    return [difference for difference in found.values() if difference.before != difference.after]


def _refuse_changed_since(back: Sequence[RowDifference]) -> None:
    changed = []
    for table in {difference.table.name: difference.table for difference in back}.values():
        own = [difference for difference in back if difference.table is table]
        present = read(table, (difference.key for difference in own))
        changed += [f"{table.name} {d.key}" for d in own if present.get(d.key) != d.after]
    if changed:
        raise Conflict("changed-since", {"rows": ", ".join(changed[:SHOWN]) + ", …" * (len(changed) > SHOWN)})


def _read(table: CityTable, keys: Sequence[str]) -> dict[str, dict[str, Any]]:
    if len(table.key) == 1:
        parts = {table.key[0]: list(keys)}
    else:
        split = [json.loads(key) for key in keys]
        parts = {name: sorted({key[place] for key in split}) for place, name in enumerate(table.key)}
    conditions = {
        f"{_path(table, name)}__in": [table.from_json(name, v) for v in values] for name, values in parts.items()
    }
    wanted = set(keys)
    rows = _rows(table, table.model._default_manager.filter(**conditions))
    return {key: row for row in rows if (key := table.named(row)) in wanted}


def _rows(table: CityTable, chosen: Any) -> Iterable[dict[str, Any]]:
    values = chosen.values_list(*(_path(table, name) for name in table.all_fields))
    for row in values:
        yield {name: table.to_json(name, value) for name, value in zip(table.all_fields, row, strict=True)}


def _path(table: CityTable, name: str) -> str:
    return f"{name}__{table.refers[name][1]}" if name in table.refers else name


def _write(table: CityTable, differences: Sequence[RowDifference]) -> None:
    removed = [difference.key for difference in differences if difference.after is None]
    rows = [difference.after for difference in differences if difference.after is not None]
    while rows:
        known = _referred(table, rows)
        ready = [row for row in rows if all(_is_known(row[name], known[name]) for name in table.refers)]
        if not ready:
            raise Invalid(_unknown(table, rows, known))
        writing.put(table, ready, known)
        # A row that refers to another of the same table is written after it.
        done = {id(row) for row in ready}
        rows = [row for row in rows if id(row) not in done]
    if removed:
        _remove(table, removed)


def _referred(table: CityTable, rows: Sequence[Values]) -> dict[str, dict[str, int]]:
    found = {}
    for name, (model, code) in table.refers.items():
        codes = {row[name] for row in rows if row[name] is not None}
        pairs = model._default_manager.filter(**{f"{code}__in": sorted(codes)}).values_list(code, "pk")
        found[name] = dict(pairs)
    return found


def _is_known(code: str | None, known: Mapping[str, int]) -> bool:
    return code is None or code in known


def _unknown(table: CityTable, rows: Sequence[Values], known: Mapping[str, Mapping[str, int]]) -> list[Fault]:
    return [
        Fault(f"{table.name} {table.named(row)}", "unknown-reference", {"field": name, "value": row[name]})
        for row in rows
        for name in table.refers
        if not _is_known(row[name], known[name])
    ]


def _remove(table: CityTable, keys: Sequence[str]) -> None:
    if len(table.key) > 1 or table.refers:
        _remove_each(table, keys)
        return
    for first in range(0, len(keys), AT_ONCE):
        some = keys[first : first + AT_ONCE]
        try:
            table.model._default_manager.filter(**{f"{table.key[0]}__in": some}).delete()
        except ProtectedError:
            _remove_each(table, some)  # to name the one that is still used


def _remove_each(table: CityTable, keys: Sequence[str]) -> None:
    for key in keys:
        parts = [key] if len(table.key) == 1 else json.loads(key)
        named = {_path(table, name): table.from_json(name, value) for name, value in zip(table.key, parts, strict=True)}
        try:
            table.model._default_manager.filter(**named).delete()
        except ProtectedError as error:
            raise NotPossible("still-used", {"row": f"{table.name} {key}"}) from error


def _keep(number: int, differences: Sequence[RowDifference]) -> None:
    writing.keep(
        [
            {"changes_id": number, "table": d.table.name, "key": d.key, "before": d.before, "after": d.after}
            for d in differences
        ]
    )


def _counted(differences: Sequence[RowDifference], unchanged: int, number: int) -> ChangeOutcome:
    created = sum(d.before is None for d in differences)
    removed = sum(d.after is None for d in differences)
    return ChangeOutcome(created, len(differences) - created - removed, removed, unchanged, number)


def _record(
    event: str,
    by: str,
    now: datetime,
    outcome: ChangeOutcome,
    differences: Sequence[RowDifference],
    details: Mapping[str, Any],
) -> None:
    counts = {name: getattr(outcome, name) for name in COUNTS}
    tables = sorted({difference.table.name for difference in differences})
    payload = {"changes": outcome.number, "tables": tables, **counts, "digest": digest(differences), **details}
    if any(difference.table.in_memory for difference in differences):
        raise_revision()
    events.record(STREAM, event, by, now, payload)


def digest(differences: Iterable[RowDifference]) -> str:
    """Return the SHA-256 of rows before and after, hexadecimal: what the event keeps of them."""
    whole = hashlib.sha256()
    for d in differences:
        whole.update(json.dumps([d.table.name, d.key, d.before, d.after], sort_keys=True).encode())
    return whole.hexdigest()
