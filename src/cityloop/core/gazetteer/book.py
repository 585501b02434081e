"""A gazetteer held in memory, for measuring and for tests. The city's own is in the database: registry/gazetteer."""

from collections import defaultdict
from collections.abc import Collection, Iterable

from cityloop.core.gazetteer.places import AreaPlace, PlaceEntry


class PlaceBook:
    """Entries by key and alias, areas by name; implements PlaceLookup."""

    def __init__(self, entries: Iterable[PlaceEntry] = (), areas: Iterable[AreaPlace] = ()) -> None:
        self._entries: dict[str, list[PlaceEntry]] = defaultdict(list)
        for entry in entries:
            for key in {entry.key, *entry.aliases}:
                self._entries[key].append(entry)
        self._areas: dict[str, list[AreaPlace]] = defaultdict(list)
        for area in areas:
            self._areas[area.name].append(area)

    def entries(self, keys: Collection[str]) -> list[PlaceEntry]:
        found = {entry.identity: entry for key in sorted(keys) for entry in self._entries.get(key, ())}
        return list(found.values())

    def areas(self, name: str) -> list[AreaPlace]:
        return self._areas.get(name, [])

    def areas_of(self, codes: Collection[str]) -> list[AreaPlace]:
        return [area for areas in self._areas.values() for area in areas if area.code in codes]

    @property
    def area_names(self) -> Collection[str]:
        return self._areas.keys()
