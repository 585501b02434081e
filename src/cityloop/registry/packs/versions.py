"""Digests of every version of a procedure that was taken up: a version that cases follow must not change.

Titles, legal basis, comments and layout may be corrected in place; everything else needs a new version. The caller
knows which cases follow what.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from cityloop.core.errors import Fault, Invalid
from cityloop.registry.models import PackTaken
from cityloop.registry.packs.faults import in_folder
from cityloop.registry.packs.reading import Pack
from cityloop.runtime.yaml_files import PlainLoader, faults_at

IsFollowed = Callable[[str, int], bool]


def digests(pack: Pack) -> dict[str, str]:
    """Return the digest of every version of a procedure that a pack has, under `name version`."""
    procedures = zip(pack.procedures, pack.files, strict=True)
    return {f"{procedure.name} {procedure.version}": digest(path) for procedure, path in procedures}


def digest(path: Path) -> str:
    """Return the SHA-256 of a procedure's file, hexadecimal, without its titles, legal basis, comments and layout."""
    content = yaml.load(path.read_text(encoding="utf-8"), PlainLoader)  # noqa: S506  # a safe one
    content.pop("legal_basis", None)  # so that an old version can be given one
    return hashlib.sha256(json.dumps(_without_titles(content), sort_keys=True).encode()).hexdigest()


def known_digests() -> dict[str, str]:
    """Return the digest of every version of a procedure that this city ever took up."""
    rows = PackTaken.objects.order_by("taken_at").values_list("procedures", flat=True)
    return {name: known for row in rows for name, known in row.items()}


def refuse_changed(packs: Iterable[Pack], is_followed: IsFollowed) -> None:
    """Raise Invalid with every version of a procedure that cases follow and that was changed."""
    known = known_digests()
    if faults := [fault for pack in packs for fault in _faults(pack, known, is_followed)]:
        raise Invalid(faults, code="pack")


def _faults(pack: Pack, known: Mapping[str, str], is_followed: IsFollowed) -> Iterator[Fault]:
    present = digests(pack)
    for procedure, path in zip(pack.procedures, pack.files, strict=True):
        named = f"{procedure.name} {procedure.version}"
        if known.get(named, present[named]) != present[named] and is_followed(procedure.name, procedure.version):
            yield from in_folder(pack.folder, faults_at(path, [(("version",), "procedure-changed", {})]))


def _without_titles(part: Any) -> Any:
    """Return a part of a YAML document without the titles: words given by language, which only people read."""
    if isinstance(part, dict):
        return (
            "" if {"zh", "en"} <= part.keys() else {str(name): _without_titles(value) for name, value in part.items()}
        )
    return [_without_titles(item) for item in part] if isinstance(part, list) else str(part)
