"""The gazetteer as text: grades, how a place was found or why not, what was understood. It is searched in registry."""

import math
from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from cityloop.core.gazetteer.addresses.reading import Address
from cityloop.core.gazetteer.places import Found, FoundPlace, Pair, PlaceReason, moved

KINDS = {
    "street": gettext_noop("Road"),
    "lane": gettext_noop("Lane"),
    "plate": gettext_noop("Door plate"),
    "block": gettext_noop("Estate or block"),
    "zone": gettext_noop("Zone"),
    "poi": gettext_noop("Point of interest"),
    "crossing": gettext_noop("Crossing"),
    "community": gettext_noop("Community"),
}
WHYS = {
    "number_exact": gettext_noop("No. %(number)s of %(road)s is known."),
    "number_same_number": gettext_noop("No. %(number)s of %(road)s is known with another suffix."),
    "number_between": gettext_noop("No. %(number)s lies between the known numbers %(numbers)s of %(road)s."),
    "number_beside": gettext_noop("The nearest known number of %(road)s is %(numbers)s."),
    "road_as_said": gettext_noop("Where earlier reports that named only %(road)s lay."),
    "road_drawn": gettext_noop("The middle of %(road)s."),
    "road_of_numbers": gettext_noop("The middle of what is known along %(road)s."),
    "lane_by_number": gettext_noop("%(road)s begins by its number near %(numbers)s."),
    "roads_meet": gettext_noop("Where %(road)s and %(other)s meet."),
    "crossing_as_said": gettext_noop("The crossing %(name)s is known."),
    "stretch_as_said": gettext_noop("The stretch %(name)s is known."),
    "stretch_between": gettext_noop("Halfway on %(road)s between %(ends)s."),
    "sibling_streets": gettext_noop("%(name)s is not known; its neighbours %(roads)s are."),
    "name_known": gettext_noop("%(name)s is known."),
    "building_known": gettext_noop("Building %(number)s of %(name)s is known."),
    "area": gettext_noop("Only the area %(name)s is known."),
    "taken_for": gettext_noop("%(name)s is taken for %(road)s."),
    "other_district": gettext_noop("It lies outside the district named."),
    "moved": gettext_noop("Moved %(metres)s m to the %(direction)s, as the address says."),
    "nothing_understood": gettext_noop("These words name no place."),
    "several_places": gettext_noop("Several places have this name. Name the district, or choose one."),
    "not_in_district": gettext_noop("%(name)s is not known in the district named, only elsewhere."),
    "crossing_not_known": gettext_noop("Where %(name)s crosses it is not known."),
    "not_known": gettext_noop("%(name)s is not in the gazetteer yet."),
    "only_district": gettext_noop("Only %(name)s is named, which is not a single place."),
    "area_not_known": gettext_noop("%(name)s is not a district of this city."),
}
ANSWER, OTHER = "answer", "other"
CORNERS = 48  # of the ring around a place


def kind_words(kind: str) -> str:
    """Return a kind or grade as text."""
    return _(KINDS[kind])


def why_words(why: PlaceReason) -> str:
    """Return a reason as a sentence."""
    return _(WHYS[why.word]) % why.values


def understood(address: Address) -> Iterator[tuple[str, str]]:
    """Yield what was understood of an address, each part with its title."""
    road, crossing = address.road, address.crossing
    relative = address.relative
    numbers = "、".join(f"{n.value}{f'之{n.suffix}' if n.suffix else ''}" for n in address.numbers)
    parts = (
        (_("Areas"), " · ".join(address.areas)),
        (_("Road"), road.key if road else ""),
        (_("Numbers"), numbers),
        (_("Crosses"), crossing.key if crossing else ""),
        (_("Between"), " – ".join(end.key for end in address.between or ())),
        (_("Names"), " · ".join(address.names)),
        (_("Building"), address.building),
        (_("Direction"), relative.direction),
        (_("Metres"), str(relative.metres) if relative.metres else ""),
        (_("Side"), _("across the road") if relative.is_opposite else ""),
    )
    return ((title, words) for title, words in parts if words)


def layer(found: Found) -> dict[str, Any]:
    """Return the places found as layers of the map: how far off each may be, and the points."""
    chosen = [(ANSWER, found.place)] if found.place else []
    shown = [*((OTHER, alternative) for alternative in found.alternatives), *chosen]
    looks = {
        ANSWER: {"title": _("The place found"), "tone": "blue", "shape": "circle"},
        OTHER: {"title": _("It may also be"), "tone": "yellow", "shape": "diamond"},
    }
    card = {"title": "name", "rows": [["grade", _("Grade of the match")], ["radius", _("Radius")]]}
    rings = [_feature(f"ring-{number}", what, place, _ring(place)) for number, (what, place) in enumerate(shown)]
    points = [_feature(f"place-{number}", what, place, _point(place)) for number, (what, place) in enumerate(shown)]
    around = {"title": _("How far off it may be"), "tone": "grey", "pattern": "outline"}
    return {
        "layers": [
            {"title": _("How far off it may be"), "data": _collection(rings), "look": around},
            {"title": _("Places"), "data": _collection(points), "by": "what", "looks": looks, "card": card},
        ]
    }


def _collection(features: list[dict[str, Any]]) -> dict[str, Any]:
    return {"type": "FeatureCollection", "features": features}


def _feature(identity: str, what: str, place: FoundPlace, geometry: dict[str, Any]) -> dict[str, Any]:
    radius = f"{place.radius_metres:.0f} m"
    properties = {"name": place.name, "grade": kind_words(place.grade), "radius": radius, "what": what}
    return {"type": "Feature", "id": identity, "properties": properties, "geometry": geometry}


def _point(place: FoundPlace) -> dict[str, Any]:
    return {"type": "Point", "coordinates": _pair(place.point)}


def _ring(place: FoundPlace) -> dict[str, Any]:
    turns = (2 * math.pi * corner / CORNERS for corner in range(CORNERS + 1))
    far = place.radius_metres
    corners = [_pair(moved(place.point, far * math.cos(turn), far * math.sin(turn))) for turn in turns]
    return {"type": "Polygon", "coordinates": [corners]}


def _pair(point: Pair) -> list[float]:
    return [round(degrees, 6) for degrees in point]
