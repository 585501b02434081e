"""Find the place of an address in the city's gazetteer. actions.py writes its rows.

core.gazetteer parses the address and chooses the place; this module answers its lookups from the database.
"""

import math
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

import shapely
from django.db.models import Q

from cityloop.core.gazetteer import finding as gazetteer
from cityloop.core.gazetteer.addresses.areas import leading_areas, set_apart
from cityloop.core.gazetteer.addresses.reading import Address, parse
from cityloop.core.gazetteer.addresses.words import normalized
from cityloop.core.gazetteer.answers import districts_of, narrowed
from cityloop.core.gazetteer.places import (
    AreaPlace,
    Found,
    FoundPlace,
    Pair,
    PlaceEntry,
    PlaceKind,
    metres,
)
from cityloop.registry import models
from cityloop.registry.city.city import City
from cityloop.registry.city.current import current_city
from cityloop.registry.words.scripts import simplified

# A fact of a case whose point the gazetteer gave, with its grade: such a case must not teach the gazetteer.
FACT = "place_grade"
WORDS_DISTRICT = "words_district"  # a fact of a case: the district that its words name, where its point is in another
MOST_ROWS = 20_000  # of one lookup: the longest street with its plates
AREA_LEVELS = ("city", "district", "street", "community")


def place_of(words: str, near: Pair | None = None, district: str | None = None) -> Found:
    """Return the place that an address means: `Found.place` is None if nothing fits, or several places do.

    `near` (longitude, latitude) and `district` (a code) choose among places of one name. Three queries at most.
    """
    city = current_city()
    found = gazetteer.find(words, places(city), near, district, simplified())
    chosen = _in_district(found.place, city) if found.place else None
    return replace(found, place=chosen, alternatives=tuple(_in_district(place, city) for place in found.alternatives))


def districts_in(words: str) -> frozenset[str]:
    """Return the codes of the districts that an address names, or that of its streets and communities."""
    return places(current_city()).districts_in(words)


def read_address(words: str) -> Address:
    """Return a parsed address; the city's areas are known by their names."""
    return parse(words, simplified(), places(current_city()).area_names)


def key_of(name: str) -> str:
    """Return the spelling by which a name is compared."""
    return normalized(name, simplified())


def _in_district(place: FoundPlace, city: City) -> FoundPlace:
    return replace(place, district=city.areas_at(place.lon, place.lat).get("district", ""))


@dataclass(frozen=True)
class CityPlaces:
    """The lookups of core.gazetteer: the entries of the database and the areas of a city."""

    city: City
    _made: dict[str, AreaPlace] = field(default_factory=dict)
    _named: dict[str, frozenset[str]] = field(default_factory=dict)  # districts by the words of addresses

    def entries(self, keys: Collection[str]) -> list[PlaceEntry]:
        """Return the entries with these keys or aliases, without those out of use."""
        wanted = sorted(keys)
        rows = models.Place.objects.filter(Q(key__in=wanted) | Q(aliases__overlap=wanted), status="")
        return [entry(row) for row in rows[:MOST_ROWS]]

    def areas(self, name: str) -> list[AreaPlace]:
        """Return the areas of a name."""
        return self.areas_of(self._codes.get(name, ()))

    def districts_in(self, words: str) -> frozenset[str]:
        """Return the codes of the districts that an address names."""
        if words not in self._named:
            if len(self._named) >= MOST_ROWS:
                self._named.clear()
            self._named[words] = frozenset(self._read_districts(words))
        return self._named[words]

    def _read_districts(self, words: str) -> set[str]:
        spelling = normalized(words, simplified())
        names = leading_areas(spelling, self.area_names)[0]
        named = districts_of(narrowed([area for name in names for area in self.areas(name)]))
        return named or {code for name in set_apart(spelling, self._districts) for code in self._codes[name]}

    @cached_property
    def _districts(self) -> list[str]:
        areas = self.city.areas
        return [name for name, codes in self._codes.items() if any(areas[code].level == "district" for code in codes)]

    def areas_of(self, codes: Collection[str]) -> list[AreaPlace]:
        """Return areas with their middle and extent."""
        return [self._area(code) for code in codes if code in self.city.shapes]

    @property
    def area_names(self) -> Collection[str]:
        """The spellings of the names of the areas that are valid today."""
        return self._codes.keys()

    @cached_property
    def _codes(self) -> Mapping[str, list[str]]:
        found: dict[str, list[str]] = defaultdict(list)
        for code in self.city.layout().areas:
            area = self.city.areas[code]
            if area.level in AREA_LEVELS:
                found[key_of(area.name)].append(code)
        return found

    def _area(self, code: str) -> AreaPlace:
        if code not in self._made:
            self._made[code] = area_place(code, self.city)
        return self._made[code]


def area_place(code: str, city: City) -> AreaPlace:
    """Return an area as addresses name it; its radius is 1.5 times that of a circle of its size."""
    area, shape = city.areas[code], shapely.from_wkb(city.shapes[code])
    inside = shape.representative_point()
    west, south, east, north = shape.bounds
    box = metres((west, south), (east, south)) * metres((west, south), (west, north))
    share = shape.area / max((east - west) * (north - south), 1e-12)
    radius = 1.5 * math.sqrt(box * share / math.pi)
    district = city.lineage(code).get("district", "")
    return AreaPlace(code, key_of(area.name), area.level == "district", inside.x, inside.y, radius, district)


def entry(row: models.Place) -> PlaceEntry:
    """Return a row as an entry."""
    return PlaceEntry(
        kind=PlaceKind(row.kind),
        key=row.key,
        name=row.name,
        lon=row.lon,
        lat=row.lat,
        number=row.number,
        suffix=row.suffix,
        district=row.district,
        community=row.community,
        spread_metres=row.spread_metres,
        seen=row.seen,
        shape=bytes(row.shape) if row.shape else None,
        source=row.source,
        aliases=tuple(row.aliases),
    )


_places: CityPlaces | None = None


def places(city: City) -> CityPlaces:
    """Return the lookups of a city; what they calculated from the areas is kept while the city is the same."""
    global _places  # noqa: PLW0603  # one city a process
    known = _places
    if known is None or known.city is not city:
        known = _places = CityPlaces(city)
    return known
