"""The answer for a place that was found: its middle, its grade and radius, and how it was found."""

from collections.abc import Sequence

from cityloop.core.gazetteer.addresses.reading import Road
from cityloop.core.gazetteer.places import (
    AreaPlace,
    FoundPlace,
    Grade,
    PlaceKind,
    PlaceReason,
    metres,
    middle,
)
from cityloop.core.gazetteer.street_groups import Group

GRADES = {
    PlaceKind.POI: Grade.POI,
    PlaceKind.BLOCK: Grade.BLOCK,
    PlaceKind.STREET: Grade.STREET,
}  # all others are zones
LEAST_RADIUS = {Grade.POI: 60.0, Grade.BLOCK: 150.0, Grade.STREET: 300.0, Grade.ZONE: 400.0}  # metres
BUILDING_RADIUS = 30.0


def by_name(group: Group) -> FoundPlace:
    """Return the place of a name: of several entries the one seen most."""
    entry = max(group.entries, key=lambda entry: entry.seen)
    grade = GRADES.get(entry.kind, Grade.ZONE)
    radius = max(LEAST_RADIUS[grade], entry.spread_metres)
    why = PlaceReason("name_known", {"name": entry.name, "source": entry.source})
    return FoundPlace(entry.lon, entry.lat, grade, radius, entry.name, entry.district, (why,))


def building(group: Group, name: str, number: str) -> FoundPlace:
    """Return the place of a building of an estate."""
    why = PlaceReason("building_known", {"name": name, "number": number})
    return FoundPlace(*group.centre, Grade.PLATE, BUILDING_RADIUS, f"{name}{number}号楼", why=(why,))


def narrowed(areas: list[AreaPlace]) -> list[AreaPlace]:
    """Return the areas named, without those of the same name in another district than the one named."""
    districts = {area.code for area in areas if area.is_district}
    return [area for area in areas if area.is_district or not districts or area.district in districts]


def districts_of(areas: Sequence[AreaPlace]) -> set[str]:
    """Return the districts that words mean by these areas: those that are districts, else those the others lie in."""
    return {area.code for area in areas if area.is_district} or {area.district for area in areas if area.district}


def of_area(area: AreaPlace) -> FoundPlace:
    """Return an area, if nothing in it is known."""
    why = PlaceReason("area", {"name": area.name})
    return FoundPlace(area.lon, area.lat, Grade.COMMUNITY, area.radius_metres, area.name, area.district, (why,))


def of_observations(group: Group, key: str, grade: Grade, word: str) -> FoundPlace:
    """Return a crossing or a stretch by the positions of earlier reports that named it."""
    point = middle(entry.point for entry in group.entries)
    radius = max(100.0, *(entry.spread_metres for entry in group.entries))
    return FoundPlace(*point, grade, radius, key, why=(PlaceReason(word, {"name": key}),))


def of_street(group: Group, road: Road) -> FoundPlace:
    """Return a street by all that is known along it."""
    point = group.centre
    radius = max(400.0, max(metres(point, entry.point) for entry in group.entries) * 0.8)
    return FoundPlace(
        *point, Grade.STREET, radius, road.street, why=(PlaceReason("road_of_numbers", {"road": road.street}),)
    )


def of_siblings(group: Group, road: Road) -> FoundPlace:
    """Return roughly where a street lies, from the streets with neighbouring numbers."""
    point = group.centre
    radius = 350.0 + max(metres(point, entry.point) for entry in group.entries) * 0.5
    names = "、".join(sorted({entry.key for entry in group.entries if entry.kind is PlaceKind.STREET}))
    why = PlaceReason("sibling_streets", {"name": road.key, "roads": names})
    return FoundPlace(*point, Grade.ZONE, radius, road.street, why=(why,))


def apart(places: list[FoundPlace]) -> list[FoundPlace]:
    """Return places without those at the same spot as an earlier one."""
    kept: list[FoundPlace] = []
    for place in sorted(places, key=lambda place: place.radius_metres):
        if all(metres(place.point, other.point) > max(200.0, other.radius_metres) for other in kept):
            kept.append(place)
    return kept
