"""What each version of a procedure said when it was taken up: the cases that follow it must find it so again.

Titles, comments and layout may be mended in place; everything else needs a new version. Which cases follow what is
known above.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from cityloop.core.errors import Fault, Invalid
from cityloop.registry.models import PackTaken
from cityloop.registry.packs.reading import Pack
from cityloop.runtime.yaml_files import PlainLoader, faults_at

Way = tuple[str, int]  # a procedure's name and version
IsFollowed = Callable[[str, int], bool]

CHANGED = (
    "is not what it was when this version was taken up, and cases follow it: put the file back as it was, and give "
    "what you changed the next version in a file of its own beside it"
)


def digests(pack: Pack) -> dict[str, str]:
    """Return the digest of every version of a procedure that a pack has, under `name version`."""
    ways = zip(pack.procedures, pack.files, strict=True)
    return {f"{way.name} {way.version}": digest(path) for way, path in ways}


def digest(path: Path) -> str:
    """Return the SHA-256 of what a procedure's file says, hexadecimal; its titles, comments and layout aside."""
    content = yaml.load(path.read_text(encoding="utf-8"), PlainLoader)  # noqa: S506  # a safe one
    return hashlib.sha256(json.dumps(_without_titles(content), sort_keys=True).encode()).hexdigest()


def known_digests() -> dict[str, str]:
    """Return the digest of every version of a procedure that this city ever took up."""
    rows = PackTaken.objects.order_by("taken_at").values_list("procedures", flat=True)
    return {way: said for row in rows for way, said in row.items()}


def refuse_changed(packs: Iterable[Pack], is_followed: IsFollowed) -> None:
    """Raise Invalid naming every version of a procedure that cases follow and that says something else by now."""
    known = known_digests()
    if faults := [fault for pack in packs for fault in _faults(pack, known, is_followed)]:
        raise Invalid(faults, code="pack")


def _faults(pack: Pack, known: Mapping[str, str], is_followed: IsFollowed) -> Iterator[Fault]:
    said = digests(pack)
    for way, path in zip(pack.procedures, pack.files, strict=True):
        named = f"{way.name} {way.version}"
        if known.get(named, said[named]) != said[named] and is_followed(way.name, way.version):
            for fault in faults_at(path, [(("version",), CHANGED)]):
                yield Fault(f"{pack.folder.name}/{fault.field}", fault.reason)


def _without_titles(part: Any) -> Any:
    """Return a part of a YAML document without what is only read by people: words given by language."""
    if isinstance(part, dict):
        return "" if {"zh", "en"} <= part.keys() else {str(name): _without_titles(one) for name, one in part.items()}
    return [_without_titles(one) for one in part] if isinstance(part, list) else str(part)
