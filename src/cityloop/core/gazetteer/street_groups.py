"""Separates streets of one name: entries under a name are grouped by where they lie. finding.py chooses."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from cityloop.core.gazetteer.numbering import Known
from cityloop.core.gazetteer.places import Pair, PlaceEntry, PlaceKind, metres, middle

APART = 1500.0  # metres: entries of two districts belong to one street if they come as near as this
CELL = 0.01  # degrees, about a kilometre


@dataclass(frozen=True)
class Group:
    """The entries of one street, with its lanes."""

    entries: tuple[PlaceEntry, ...]

    @cached_property
    def districts(self) -> frozenset[str]:
        return frozenset(entry.district for entry in self.entries)

    @cached_property
    def by_key(self) -> dict[str, list[PlaceEntry]]:
        found = defaultdict(list)
        for entry in self.entries:
            found[entry.key].append(entry)
        return found

    def numbers(self, key: str) -> list[Known]:
        """Return the numbers known along a road: its plates and, with less weight, the lanes that begin there."""
        return [
            Known(entry.number, entry.suffix, entry.point, entry.spread_metres, entry.kind is PlaceKind.LANE)
            for entry in self.by_key.get(key, ())
            if entry.kind in (PlaceKind.PLATE, PlaceKind.LANE) and entry.number
        ]

    def distance(self, point: Pair) -> float:
        """Return how near the street comes to a point, in metres."""
        return min(metres(entry.point, point) for entry in self.entries)

    @cached_property
    def centre(self) -> Pair:
        return middle(entry.point for entry in self.entries)


def groups(entries: Iterable[PlaceEntry]) -> list[Group]:
    """Return entries of one name by street: those of a district, and of others that come near."""
    by_district: dict[str, list[PlaceEntry]] = defaultdict(list)
    for entry in entries:
        by_district[entry.district].append(entry)
    parts = [(frozenset(_cells(own)), own) for own in by_district.values()]
    joined: list[tuple[frozenset[tuple[int, int]], list[PlaceEntry]]] = []
    for cells, own in parts:
        touching = [part for part in joined if _touch(part[0], cells)]
        joined = [part for part in joined if part not in touching]
        joined.append((cells.union(*(part[0] for part in touching)), own + [e for part in touching for e in part[1]]))
    return [Group(tuple(own)) for _, own in sorted(joined, key=lambda part: -len(part[1]))]


def _cells(entries: Sequence[PlaceEntry]) -> set[tuple[int, int]]:
    return {(int(entry.lon / CELL), int(entry.lat / CELL)) for entry in entries}


def _touch(some: frozenset[tuple[int, int]], others: frozenset[tuple[int, int]]) -> bool:
    return any((x + dx, y + dy) in others for x, y in some for dx in (-1, 0, 1) for dy in (-1, 0, 1))
