"""What packs bring, as rows of the city's tables; and a digest by which a pack is known to have changed.

Entering them is done in actions.py.
"""

import hashlib
from collections.abc import Iterator, Sequence
from typing import Any

from cityloop.core.classes import HOME, ClassKey
from cityloop.registry.catalogue_texts import CatalogueClass, Condition
from cityloop.registry.changes import Part
from cityloop.registry.packs import Pack
from cityloop.registry.readings import readings
from cityloop.registry.tables import CATALOGUES, CLASSES, CONDITIONS, CROSSWALK


def in_order(packs: Sequence[Pack]) -> list[Pack]:
    """Return the packs, each after those it requires."""
    by_name = {pack.name: pack for pack in packs}
    found: dict[str, Pack] = {}

    def take(pack: Pack) -> None:
        if pack.name not in found:
            for name in pack.requires:
                if name in by_name and name not in found:
                    take(by_name[name])
            found[pack.name] = pack

    for pack in packs:
        take(pack)
    return list(found.values())


def digest(pack: Pack) -> str:
    """Return the SHA-256 of everything in a pack's folder, hexadecimal."""
    whole = hashlib.sha256()
    for path in sorted(path for path in pack.folder.rglob("*") if path.is_file()):
        name, content = path.relative_to(pack.folder).as_posix(), path.read_bytes()
        whole.update(f"{name}\0{len(content)}\0".encode() + content)
    return whole.hexdigest()


def parts(pack: Pack, known: set[ClassKey]) -> list[Part]:
    """Return the rows a pack brings; limits stand for classes of its own or among those known."""
    own = {one.key for one in pack.classes}
    limits = [row for row in _limits(pack) if ClassKey(row["catalogue"], row["kind"], row["code"]) in own | known]
    merged = {tuple(one.key): class_row(one) for one in pack.classes}
    for row in limits:
        key = (row["catalogue"], row["kind"], row["code"])
        merged[key] = {**merged.get(key, {}), **row}
    return [
        Part(CATALOGUES, list(_catalogues(pack))),
        Part(CLASSES, list(merged.values())),
        Part(CROSSWALK, list(_crosswalk(pack))),
        Part(CONDITIONS, [condition_row(one) for one in pack.conditions]),
    ]


def condition_row(condition: Condition) -> dict[str, Any]:
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


def _limits(pack: Pack) -> Iterator[dict[str, Any]]:
    for (kind, code), both in pack.limits.items():
        limits = {"handle_limit": both.handle, "case_limit": both.case}
        yield {"catalogue": HOME, "kind": kind, "code": code, **limits}


def _crosswalk(pack: Pack) -> Iterator[dict[str, Any]]:
    for line in pack.crosswalk:
        yield {
            "from_catalogue": line.from_catalogue,
            "from_kind": line.from_kind,
            "from_code": line.from_code,
            "to_catalogue": line.to_catalogue,
            "to_kind": line.to_kind,
            "to_code": line.to_code,
            "note": line.note,
        }
