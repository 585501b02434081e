"""Finds the place that an address means: the most specific one known, its radius, and alternatives.

Entries are looked up with a PlaceLookup, at most three times for one address. Nothing is guessed silently: if several
places of one name fit equally well, all of them are given and none is chosen.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from cityloop.core.gazetteer.addresses.reading import Address, Road, parse
from cityloop.core.gazetteer.addresses.words import AS_WRITTEN, Script
from cityloop.core.gazetteer.answers import (
    apart,
    building,
    by_name,
    districts_of,
    narrowed,
    of_area,
    of_observations,
    of_siblings,
    of_street,
)
from cityloop.core.gazetteer.learning import crossing_key, stretch_key
from cityloop.core.gazetteer.places import (
    Found,
    FoundPlace,
    Grade,
    Pair,
    PlaceEntry,
    PlaceKind,
    PlaceLookup,
    PlaceReason,
    metres,
    middle,
    moved,
)
from cityloop.core.gazetteer.roads import crossing_place, number_place, road_place
from cityloop.core.gazetteer.street_groups import Group, groups
from cityloop.core.gazetteer.street_names import SIBLINGS, section_of, sections, siblings, trimmed

ALTERNATIVES = 6
SHORTEST_NAME, LONGEST_NAME = 2, 12  # characters of a name of an estate or a shop that are tried
CORNER = 15.0  # metres from the middle of a crossing to its corner
FARTHEST_MOVE = 500  # metres that words may move a point
SIDES = {"东": (1, 0), "西": (-1, 0), "南": (0, -1), "北": (0, 1)}
NEAR_ENOUGH = 3000.0  # metres from `near`


def find(
    words: str,
    places: PlaceLookup,
    near: Pair | None = None,
    district: str | None = None,
    simplified: Script = AS_WRITTEN,
) -> Found:
    """Return the place the words mean. `near` and `district` (a code) choose among places of one name."""
    return find_address(parse(words, simplified, places.area_names), places, near, district)


def find_address(address: Address, places: PlaceLookup, near: Pair | None = None, district: str | None = None) -> Found:
    """Return the place an address means, as `find` does."""
    return _Search(address, places, near, district).found()


class _Search:
    """The search for one address: what was looked up, and the areas it is narrowed to."""

    def __init__(self, address: Address, places: PlaceLookup, near: Pair | None, district: str | None) -> None:
        self.address, self.near = address, near
        self.places = places
        self.known: dict[str, list[PlaceEntry]] = {}
        self.areas = narrowed([area for name in address.areas for area in places.areas(name)])
        self.districts = districts_of(self.areas) or ({district} if district else set())

    def found(self) -> Found:
        """Return the answer of the first search that finds anything, the most specific first."""
        if self.address.says_nothing:
            return Found(None, reason=PlaceReason("nothing_understood"))
        self._look_up(self._first_keys())
        searches: tuple[Callable[[], list[FoundPlace]], ...] = (
            self._by_number,
            self._by_name,
            self._by_crossing,
            self._by_stretch,
            self._by_road,
            self._by_kin,
            self._by_area,
        )
        for search in searches:
            if places := self._finished(search()):
                return self._chosen(places)
        elsewhere = self._elsewhere(searches) if self.districts else []
        return Found(None, tuple(elsewhere[:ALTERNATIVES]), self._reason(known_elsewhere=bool(elsewhere)))

    def _elsewhere(self, searches: Sequence[Callable[[], list[FoundPlace]]]) -> list[FoundPlace]:
        """Return what is found in other districts than the one named: alternatives, not an answer."""
        self.districts, self.areas = set(), []
        return next((places for search in searches if (places := search())), [])

    def _chosen(self, places: list[FoundPlace]) -> Found:
        if strange := self._strange_areas():
            return Found(None, tuple(places[:ALTERNATIVES]), PlaceReason("area_not_known", {"name": strange[0]}))
        if len(places) > 1 and self.near:
            near = self.near
            places = sorted(places, key=lambda place: metres(place.point, near))
            if metres(places[0].point, near) <= NEAR_ENOUGH:
                return Found(places[0], tuple(places[1:ALTERNATIVES]))
        if len(places) > 1:
            return Found(None, tuple(places[:ALTERNATIVES]), PlaceReason("several_places", {"name": places[0].name}))
        return Found(places[0])

    def _strange_areas(self) -> list[str]:
        """Return the named districts that the city does not have: a street of that name here is another one."""
        known = self.places.area_names
        return [name for name in self.address.areas if known and name[-1] in "区县旗" and name not in known]

    def _reason(self, *, known_elsewhere: bool) -> PlaceReason:
        if strange := self._strange_areas():
            return PlaceReason("area_not_known", {"name": strange[0]})
        wanted = self.address.road.key if self.address.road else "、".join(self.address.names)
        if wanted:
            return PlaceReason("not_in_district" if known_elsewhere else "not_known", {"name": wanted})
        return PlaceReason("only_district", {"name": self.address.areas[-1]})

    # Look-ups

    def _first_keys(self) -> set[str]:
        address, keys = self.address, set(self._names())
        for road in self._roads():
            keys |= {part.key for part in road.with_parents}
        if address.road and address.crossing:
            keys.add(crossing_key(address.road, address.crossing))
        if address.road and address.between:
            keys.add(stretch_key(address.road, *address.between))
        return keys

    def _roads(self) -> tuple[Road, ...]:
        address = self.address
        return tuple(road for road in (address.road, address.crossing, *(address.between or ())) if road)

    def _names(self) -> list[str]:
        return [
            name[:length]
            for name in self.address.names
            for length in range(min(len(name), LONGEST_NAME), SHORTEST_NAME - 1, -1)
        ]

    def _look_up(self, keys: Iterable[str]) -> None:
        wanted = set(keys) - self.known.keys()
        if not wanted:
            return
        found = self.places.entries(wanted)
        self.known |= {key: [] for key in wanted}
        for entry in found:
            for key in (entry.key, *entry.aliases):
                if key in wanted:
                    self.known[key].append(entry)

    def _under(self, keys: Iterable[str]) -> list[PlaceEntry]:
        entries = {entry.identity: entry for key in keys for entry in self.known.get(key, ())}
        return list(entries.values())

    # Streets

    def _streets(self, road: Road) -> list[tuple[Road, Group, tuple[PlaceReason, ...]]]:
        """Return the streets that a road may be of, in the areas named, with how its name was interpreted."""
        entries = self._under(part.key for part in road.with_parents)
        road, entries = self._official(road, entries)
        if entries:
            return [(road, group, why) for group, why in self._here(groups(entries))]
        return self._streets_otherwise(road)

    def _official(self, road: Road, entries: list[PlaceEntry]) -> tuple[Road, list[PlaceEntry]]:
        """Return the road under its own name if it was called by another."""
        own = {entry.key for entry in entries if entry.kind is PlaceKind.STREET and road.street in entry.aliases}
        if not own or any(entry.key == road.street for entry in entries):
            return road, entries
        road = Road(min(own), road.lanes)
        self._look_up(part.key for part in road.with_parents)
        return road, self._under(part.key for part in road.with_parents)

    def _streets_otherwise(self, road: Road) -> list[tuple[Road, Group, tuple[PlaceReason, ...]]]:
        """Return the streets of a name without its extra parts, or the sections of a street named without one."""
        others = [Road(name, road.lanes) for name in trimmed(road.street)]
        if not section_of(road.street):
            others += [Road(name, road.lanes) for name in sections(road.street)]
        self._look_up(part.key for other in others for part in other.with_parents)
        found = []
        for other in others:
            entries = self._under(part.key for part in other.with_parents)
            why = PlaceReason("taken_for", {"name": road.street, "road": other.street})
            found += [(other, group, (why, *more)) for group, more in self._here(groups(entries))]
            if entries and not section_of(other.street):
                break
        return found

    def _here(self, found: Sequence[Group]) -> list[tuple[Group, tuple[PlaceReason, ...]]]:
        """Return the groups in the districts named, else those that come near; all if none was named."""
        if not self.districts:
            return [(group, ()) for group in found]
        inside = [group for group in found if group.districts & self.districts]
        if inside:
            return [(group, ()) for group in inside]
        areas = self.areas or self.places.areas_of(self.districts)
        near = [g for g in found if any(g.distance((a.lon, a.lat)) <= a.radius_metres + 500 for a in areas)]
        return [(group, (PlaceReason("other_district"),)) for group in near]

    # Searches

    def _by_number(self) -> list[FoundPlace]:
        address = self.address
        if not (address.road and address.numbers):
            return []
        found = []
        for road, group, why in self._streets(address.road):
            for number in address.numbers:
                if place := number_place(group, road, number):
                    found.append(replace(place, why=why + place.why))
                    break
        return found

    def _by_name(self) -> list[FoundPlace]:
        for name in self._names():
            if found := self._buildings(name):
                return found
            kinds = (
                PlaceKind.POI,
                PlaceKind.BLOCK,
                PlaceKind.ZONE,
                *((PlaceKind.STREET,) if name in self.address.names else ()),
            )
            entries = [entry for entry in self.known.get(name, ()) if entry.kind in kinds]
            if here := self._here(groups(entries)):
                return [by_name(group) for group, _ in here]
        return []

    def _buildings(self, name: str) -> list[FoundPlace]:
        """Return the place of a building of an estate, if it is known: 阳光小区3号楼."""
        number = self.address.building
        plates = [
            e for e in self.known.get(name, ()) if number and e.kind is PlaceKind.PLATE and str(e.number) == number
        ]
        return [building(group, name, number) for group, _ in self._here(groups(plates))]

    def _by_crossing(self) -> list[FoundPlace]:
        address = self.address
        if not (address.road and address.crossing):
            return []
        return self._crossings(address.road, address.crossing)

    def _crossings(self, road: Road, other: Road) -> list[FoundPlace]:
        key = crossing_key(road, other)
        observed = [group for group, _ in self._here(groups(self.known.get(key, ())))]
        if observed:
            return [of_observations(group, key, Grade.CROSSING, "crossing_as_said") for group in observed]
        found = []
        for first_road, first, why in self._streets(road):
            for other_road, second, more in self._streets(other):
                if place := crossing_place(first, first_road, second, other_road):
                    found.append(replace(place, why=why + more + place.why))
        return apart(found)

    def _by_stretch(self) -> list[FoundPlace]:
        road, between = self.address.road, self.address.between
        if not (road and between):
            return []
        key = stretch_key(road, *between)
        observed = [group for group, _ in self._here(groups(self.known.get(key, ())))]
        if observed:
            return [of_observations(group, key, Grade.STREET, "stretch_as_said") for group in observed]
        ends = [places[0] for end in between if len(places := self._crossings(road, end)) == 1]
        if not ends:
            return []
        point = middle(place.point for place in ends)
        radius = max(metres(point, place.point) for place in ends) + max(place.radius_metres for place in ends)
        why = PlaceReason("stretch_between", {"road": road.key, "ends": "、".join(end.key for end in between)})
        return [FoundPlace(*point, Grade.STREET, radius if len(ends) > 1 else radius + 200, key, why=(why,))]

    def _by_road(self) -> list[FoundPlace]:
        road = self.address.road
        if not road:
            return []
        found = []
        crossing = self.address.crossing
        missed = (PlaceReason("crossing_not_known", {"name": crossing.key}),) if crossing else ()
        streets = self._streets(road)
        if not section_of(road.street) and len({r.street for r, _, _ in streets if section_of(r.street)}) > 1:
            merged = groups(entry for _, group, _ in streets for entry in group.entries)
            streets = [(r, g, ()) for g in merged for r in [road]]
        for street_road, group, why in streets:
            place = road_place(group, street_road, at_mouth=self.address.at_mouth) or of_street(group, street_road)
            found.append(replace(place, why=(*why, *missed, *place.why)))
        return apart(found)

    def _by_kin(self) -> list[FoundPlace]:
        """Return the place of the streets with neighbouring numbers, or of the other sections of the street."""
        road = self.address.road
        if not road:
            return []
        beside = dict(siblings(road.street))
        self._look_up(beside.values())
        for far in range(1, SIBLINGS + 1):
            names = [name for step, name in beside.items() if abs(step) == far]
            if here := self._here(groups(self._under(names))):
                return [of_siblings(group, road) for group, _ in here]
        return []

    def _by_area(self) -> list[FoundPlace]:
        """Return the smallest area that is named, if it is smaller than a district."""
        for name in reversed(self.address.areas):
            if found := [area for area in self.areas if area.name == name and not area.is_district]:
                return [of_area(area) for area in found]
        return []

    # Results

    def _finished(self, places: list[FoundPlace]) -> list[FoundPlace]:
        return [self._moved(place) for place in places]

    def _moved(self, place: FoundPlace) -> FoundPlace:
        """Move a place as the words say: 东北角, 北侧50米."""
        relative = self.address.relative
        sides = [SIDES[side] for side in relative.direction if side in SIDES]
        if not sides or place.grade not in (Grade.PLATE, Grade.POI, Grade.CROSSING):
            return place
        far = min(relative.metres, FARTHEST_MOVE) if relative.metres else CORNER
        length = len(sides) ** 0.5
        east, north = (sum(side[axis] for side in sides) * far / length for axis in (0, 1))
        lon, lat = moved(place.point, east, north)
        why = PlaceReason("moved", {"direction": relative.direction, "metres": str(round(far))})
        return replace(place, lon=lon, lat=lat, why=(*place.why, why))
