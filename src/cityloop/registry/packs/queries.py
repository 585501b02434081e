"""Reads the packs of a city: which there are, when they were taken up, what taking one up would change."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from cityloop.core.errors import NotFound
from cityloop.registry.history.changes import RowDifference, differing
from cityloop.registry.models import PackTaken
from cityloop.registry.packs import folders
from cityloop.registry.packs import rows as pack_rows
from cityloop.registry.packs import versions as pack_versions
from cityloop.registry.packs.in_force import packs_in_force
from cityloop.registry.packs.leftovers import PROCEDURES, leftovers
from cityloop.registry.packs.reading import Pack


@dataclass(frozen=True, slots=True)
class PackLine:
    """A pack of the city: as it is in its folder, and as it was last taken up."""

    name: str
    pack: Pack | None  # None: it was taken up, and its folder is no longer there
    taken_version: int | None  # None: it was not taken up yet
    taken_at: datetime | None
    change: int | None  # its number in the history; None where it brought no rows
    is_changed: bool  # since it was taken up

    @property
    def is_taken(self) -> bool:
        return self.taken_at is not None


@dataclass(frozen=True, slots=True)
class ProcedureChange:
    """A version of a procedure that taking a pack up would create, change or remove."""

    name: str
    version: int
    kind: str  # created, changed or removed


def pack_lines(packs: Sequence[Pack]) -> list[PackLine]:
    """Return every pack, in the order in which they are read, then those whose folder is no longer there."""
    taken = {row.name: row for row in PackTaken.objects.order_by("name")}
    there = [_line(pack.name, pack, taken.get(pack.name)) for pack in packs]
    names = {pack.name for pack in packs}
    return there + [_line(name, None, row) for name, row in taken.items() if name not in names]


def lines_in_force() -> list[PackLine]:
    """Return every pack that this process runs on, then those whose folder is no longer there."""
    return pack_lines(packs_in_force())


def pack_line(packs: Sequence[Pack], name: str) -> PackLine:
    """Return one pack by its name; raise NotFound."""
    return named(pack_lines(packs), name)


def named(lines: Sequence[PackLine], name: str) -> PackLine:
    """Return the pack of a name; raise NotFound."""
    found = [line for line in lines if line.name == name]
    if not found:
        raise NotFound("no-such-pack")
    return found[0]


def differences(pack: Pack, packs: Sequence[Pack]) -> list[RowDifference]:
    """Return how the rows of the city would differ if a pack of these were taken up now."""
    before = PackTaken.objects.filter(name=pack.name).first()
    left = leftovers(before.brought if before else {}, packs)
    known = {category.key for other in packs for category in other.classes}
    return [found for part in pack_rows.parts(pack, known, left) for found in differing(part)]


def procedure_changes(pack: Pack) -> list[ProcedureChange]:
    """Return the versions of procedures that are not what they were when the pack was taken up."""
    taken = PackTaken.objects.filter(name=pack.name).first()
    held = taken.brought.get(PROCEDURES, {}) if taken else {}
    return list(_procedure_changes(taken.procedures if taken else {}, held, pack_versions.digests(pack)))


def _procedure_changes(
    known: Mapping[str, str], held: Collection[str], now: Mapping[str, str]
) -> Iterator[ProcedureChange]:
    for named in sorted({*held, *now}):
        name, _, version = named.rpartition(" ")
        kind = "created" if named not in held else "removed" if named not in now else "changed"
        if kind != "changed" or known[named] != now[named]:
            yield ProcedureChange(name, int(version), kind)


def _line(name: str, pack: Pack | None, taken: PackTaken | None) -> PackLine:
    changed = bool(pack and taken and folders.digest(pack.folder) != taken.digest)
    if taken is None:
        return PackLine(name, pack, None, None, None, changed)
    return PackLine(name, pack, taken.version, taken.taken_at, taken.changes_id, changed)
