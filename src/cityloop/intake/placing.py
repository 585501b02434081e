"""Finds the place of a report: its own point, else the facility that it names, else its address in the gazetteer.

The facts of the case say when a place was found by its address; one that is too vague gives only the district.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from cityloop.core.gazetteer.places import Found
from cityloop.core.place.geo import Crs
from cityloop.intake.reports import Point, Report
from cityloop.registry.facilities.queries import Tie
from cityloop.registry.gazetteer import finding as gazetteer

VAGUE_METRES = 200.0  # with a larger radius, a point would pretend to be exact


@dataclass(frozen=True, slots=True)
class Spot:
    """A place as far as it is known; `found` are the facts that say how an address led there."""

    point: Point | None = None
    district: str = ""
    found: Mapping[str, str] | None = None


NOWHERE = Spot()


def spot(report: Report, facility: Tie | None) -> Spot:
    """Return the place of a report; the gazetteer is asked only where the report has no point and no known facility."""
    if report.point:
        return Spot(report.point)
    if facility and (point := _point_of(facility)):
        return Spot(point)
    return _of_address(gazetteer.place_of(report.address)) if report.address else NOWHERE


def _of_address(found: Found) -> Spot:
    place = found.place
    if place is None:
        return NOWHERE
    facts = {gazetteer.FACT: place.grade.value, "place_metres": f"{place.radius_metres:.0f}"}
    if place.radius_metres > VAGUE_METRES:
        return Spot(None, place.district, facts) if place.district else NOWHERE
    return Spot(_point(place.lon, place.lat), place.district, facts)


def _point_of(facility: Tie) -> Point | None:
    """Return where a facility is, as the place of a case that names it and no place."""
    if facility.lon is None or facility.lat is None:
        return None
    return _point(facility.lon, facility.lat)


def _point(lon: float, lat: float) -> Point:
    east, north = f"{lon:.7f}", f"{lat:.7f}"
    return Point(east, north, Crs.WGS84, east, north)
