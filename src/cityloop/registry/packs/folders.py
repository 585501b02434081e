"""Packs as folders: in the order of their dependencies, and with a digest that shows a change."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

from cityloop.registry.packs.reading import Pack


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


def digest(folder: Path) -> str:
    """Return the SHA-256 of everything in a pack's folder, hexadecimal."""
    whole = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        name, content = path.relative_to(folder).as_posix(), path.read_bytes()
        whole.update(f"{name}\0{len(content)}\0".encode() + content)
    return whole.hexdigest()
