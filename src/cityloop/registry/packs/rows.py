"""What packs bring, as rows of the city's tables; and a digest by which a pack is known to have changed.

Entering them is done in actions.py.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from cityloop.core.codes.classes import HOME, ClassKey
from cityloop.registry.history.changes import TableChange
from cityloop.registry.history.tables import CATALOGUES, CLASSES, CONDITIONS, CROSSWALK, Values
from cityloop.registry.packs.reading import Pack
from cityloop.registry.packs.texts.catalogue import CatalogueClass, PackCondition
from cityloop.registry.words.readings import readings


@dataclass(frozen=True, slots=True)
class PackLeftovers:
    """What a pack holds no more: keys of rows that go, and classes whose limits go or become those of another pack."""

    conditions: Sequence[str] = ()
    crosswalk: Sequence[str] = ()
    limits: Sequence[Values] = ()


NOTHING = PackLeftovers()


def parts(pack: Pack, known: set[ClassKey], left: PackLeftovers = NOTHING) -> list[TableChange]:
    """Return the rows a pack brings; limits stand for classes of its own or among those known. What is left goes."""
    own = {one.key for one in pack.classes}
    rows = [class_row(one) for one in pack.classes]
    rows += [row for row in limit_rows(pack) if ClassKey(row["catalogue"], row["kind"], row["code"]) in own | known]
    merged: dict[str, dict[str, Any]] = {}
    for row in (*left.limits, *rows):
        merged[CLASSES.named(row)] = {**merged.get(CLASSES.named(row), {}), **row}
    return [
        TableChange(CATALOGUES, list(_catalogues(pack))),
        TableChange(CLASSES, list(merged.values())),
        TableChange(CROSSWALK, crosswalk_rows(pack), left.crosswalk),
        TableChange(CONDITIONS, condition_rows(pack), left.conditions),
    ]


def condition_rows(pack: Pack) -> list[dict[str, Any]]:
    """Return the conditions for filing that a pack brings."""
    return [condition_row(one) for one in pack.conditions]


def condition_row(condition: PackCondition) -> dict[str, Any]:
    """Return a condition for filing as a row."""
    return {
        "catalogue": condition.catalogue,
        "kind": condition.kind,
        "code": condition.code,
        "number": condition.number,
        "filing": condition.filing,
        "closing": condition.closing,
        "limits": dict(condition.limits),
        "profile": condition.profile,
    }


def _catalogues(pack: Pack) -> Iterator[dict[str, Any]]:
    for one in pack.catalogues:
        yield {
            "name": one.name,
            "title": dict(one.title),
            "standard": one.standard,
            "in_force_from": one.in_force_from,
            "in_force_until": one.in_force_until,
            "in_use": one.in_use,
        }


def class_row(one: CatalogueClass) -> dict[str, Any]:
    """Return a class of a catalogue as a row, with how its name is read."""
    return {
        "catalogue": one.catalogue,
        "kind": one.kind,
        "code": one.code,
        "name": one.name,
        "major": one.major,
        "is_local": one.is_local,
        "initials": readings(one.name),
    }


def limit_rows(pack: Pack) -> list[dict[str, Any]]:
    """Return the limits that a pack gives to classes."""
    return [
        {"catalogue": HOME, "kind": kind, "code": code, "handle_limit": both.handle, "case_limit": both.case}
        for (kind, code), both in pack.limits.items()
    ]


def crosswalk_rows(pack: Pack) -> list[dict[str, Any]]:
    """Return the lines of the crosswalks that a pack brings."""
    return [{name: getattr(line, name) for name in CROSSWALK.all_fields} for line in pack.crosswalk]
