"""What packs bring, as rows of the city's tables. actions.py enters them."""

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
    """What a pack no longer contains: keys of rows to remove, and classes with the limits that they get instead."""

    conditions: Sequence[str] = ()
    crosswalk: Sequence[str] = ()
    limits: Sequence[Values] = ()


NOTHING = PackLeftovers()


def parts(pack: Pack, known: set[ClassKey], left: PackLeftovers = NOTHING) -> list[TableChange]:
    """Return the rows that a pack brings, and the removal of what is left; limits only of its own or known classes."""
    own = {category.key for category in pack.classes}
    rows = [class_row(category) for category in pack.classes]
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
    return [condition_row(condition) for condition in pack.conditions]


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
    for catalogue in pack.catalogues:
        yield {
            "name": catalogue.name,
            "title": dict(catalogue.title),
            "standard": catalogue.standard,
            "in_force_from": catalogue.in_force_from,
            "in_force_until": catalogue.in_force_until,
            "in_use": catalogue.in_use,
        }


def class_row(category: CatalogueClass) -> dict[str, Any]:
    """Return a class of a catalogue as a row, with the readings of its name."""
    return {
        "catalogue": category.catalogue,
        "kind": category.kind,
        "code": category.code,
        "name": category.name,
        "major": category.major,
        "is_local": category.is_local,
        "initials": readings(category.name),
    }


def limit_rows(pack: Pack) -> list[dict[str, Any]]:
    """Return the limits that a pack gives to classes."""
    return [
        {"catalogue": HOME, "kind": kind, "code": code, "handle_limit": limits.handle, "case_limit": limits.case}
        for (kind, code), limits in pack.limits.items()
    ]


def crosswalk_rows(pack: Pack) -> list[dict[str, Any]]:
    """Return the lines of the crosswalks that a pack brings."""
    return [{name: getattr(line, name) for name in CROSSWALK.all_fields} for line in pack.crosswalk]
