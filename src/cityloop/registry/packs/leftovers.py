"""What a pack brought before and no longer contains: it is removed when the pack is taken up again; undo restores it.

Conditions, lines of crosswalks and limits are removed where they are still as the pack brought them. Classes and
catalogues stay, because cases refer to them.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from cityloop.registry.history.changes import read
from cityloop.registry.history.tables import CLASSES, CONDITIONS, CROSSWALK, CityTable, Values
from cityloop.registry.packs import rows as pack_rows
from cityloop.registry.packs.reading import Pack
from cityloop.registry.packs.rows import PackLeftovers

LIMITS = "limits"
PROCEDURES = "procedures"
NO_LIMITS = {"handle_limit": "", "case_limit": ""}

Marks = Mapping[str, Mapping[str, Values]]  # table → key → the fields by which a row is still the pack's


def brought(pack: Pack) -> dict[str, dict[str, Any]]:
    """Return what is kept of a pack that is taken up, to know later what it no longer contains."""
    conditions = {CONDITIONS.named(row): {"profile": row["profile"]} for row in pack_rows.condition_rows(pack)}
    limits = {CLASSES.named(row): {name: row[name] for name in NO_LIMITS} for row in pack_rows.limit_rows(pack)}
    crosswalk: dict[str, Any] = {CROSSWALK.named(row): {} for row in pack_rows.crosswalk_rows(pack)}
    procedures: dict[str, Any] = {f"{procedure.name} {procedure.version}": {} for procedure in pack.procedures}
    return {CONDITIONS.name: conditions, CROSSWALK.name: crosswalk, LIMITS: limits, PROCEDURES: procedures}


def leftovers(before: Marks, packs: Iterable[Pack]) -> PackLeftovers:
    """Return what a pack brought before and none of the packs contains now."""
    held: dict[str, dict[str, Any]] = {}
    for pack in packs:
        for name, rows in brought(pack).items():
            held.setdefault(name, {}).update(rows)
    return PackLeftovers(
        conditions=_no_longer_held(CONDITIONS, before, held),
        crosswalk=_no_longer_held(CROSSWALK, before, held),
        limits=_other_limits(before.get(LIMITS, {}), held.get(LIMITS, {})),
    )


def _no_longer_held(table: CityTable, before: Marks, held: Marks) -> list[str]:
    kept = held.get(table.name, {})
    return list(_as_brought(table, {key: mark for key, mark in before.get(table.name, {}).items() if key not in kept}))


def _other_limits(before: Mapping[str, Values], held: Mapping[str, Values]) -> list[dict[str, Any]]:
    """Return classes with the limits that the packs give them now, where the pack gave others before."""
    changed = {key: mark for key, mark in before.items() if held.get(key, NO_LIMITS) != mark}
    rows = _as_brought(CLASSES, changed)
    return [
        {**{name: row[name] for name in CLASSES.key}, **held.get(key, NO_LIMITS)} for key, row in sorted(rows.items())
    ]


def _as_brought(table: CityTable, marks: Mapping[str, Values]) -> dict[str, dict[str, Any]]:
    """Return the rows that nobody has changed since the pack brought them."""
    present = read(table, marks)
    return {key: row for key, row in present.items() if all(row[name] == value for name, value in marks[key].items())}
