"""Finds the place of a report: its own point, else the facility that it names, else its address in the gazetteer.

The facts of the case say when a place was found by its address, and when its words name another district than its
point lies in. The point is kept then; a person decides. Without a point, a district in words wins over the gazetteer.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from cityloop.core.place.geo import Crs
from cityloop.intake.reports import Point, Report
from cityloop.registry.city.current import current_city
from cityloop.registry.facilities.queries import Tie
from cityloop.registry.gazetteer import finding as gazetteer

VAGUE_METRES = 200.0  # with a larger radius, a point would pretend to be exact
DOUBTFUL_METRES = 300.0  # with a larger radius, even the district would be a guess


@dataclass(frozen=True, slots=True)
class Spot:
    """A place as far as it is known; `found` are the facts that say how an address led there."""

    point: Point | None = None
    district: str = ""
    found: Mapping[str, str] | None = None


def spot(report: Report, facility: Tie | None) -> Spot:
    """Return the place of a report; the gazetteer is asked only where the report has no point and no known facility."""
    if report.point:
        return Spot(report.point)
    if facility and (point := _point_of(facility)):
        return Spot(point)
    return _of_words(report.address, districts_named(report))


def districts_named(report: Report) -> frozenset[str]:
    """Return the codes of the districts that a report names: in its field, else in its address."""
    return district_given(report) or (gazetteer.districts_in(report.address) if report.address else frozenset())


def district_given(report: Report) -> frozenset[str]:
    """Return the district in the field of a report, a code or a name; empty if the city has none of that name."""
    given = report.district
    if not given:
        return frozenset()
    area = current_city().areas.get(given)
    return frozenset({given}) if area and area.level == "district" else gazetteer.districts_in(given)


def contradiction(report: Report, areas: Mapping[str, str | None]) -> str:
    """Return the district that a report names where its point lies in other `areas`; empty where they agree.

    Of several districts with areas of the name, the smallest code.
    """
    named = districts_named(report)
    return min(named) if named and areas.get("district") not in named else ""


def _of_words(address: str | None, named: frozenset[str]) -> Spot:
    district = next(iter(named)) if len(named) == 1 else ""
    place = gazetteer.place_of(address, district=district or None).place if address else None
    if place is None or place.radius_metres > DOUBTFUL_METRES or (named and place.district not in named):
        return Spot(None, district)
    facts = {gazetteer.FACT: place.grade.value, "place_metres": f"{place.radius_metres:.0f}"}
    if place.radius_metres > VAGUE_METRES:
        return Spot(None, place.district, facts)
    return Spot(_point(place.lon, place.lat), place.district, facts)


def _point_of(facility: Tie) -> Point | None:
    """Return where a facility is, as the place of a case that names it and no place."""
    if facility.lon is None or facility.lat is None:
        return None
    return _point(facility.lon, facility.lat)


def _point(lon: float, lat: float) -> Point:
    east, north = f"{lon:.7f}", f"{lat:.7f}"
    return Point(east, north, Crs.WGS84, east, north)
