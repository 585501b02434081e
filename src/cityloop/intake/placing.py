"""Where a report lies: at its own point, else at the facility it names, else where the gazetteer finds its address.

A place found by its address is told as such; one that is too vague gives the district alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from cityloop.core.gazetteer.places import Found
from cityloop.core.place.geo import Crs
from cityloop.intake.reports import Point, Report
from cityloop.registry.facilities.queries import Tie
from cityloop.registry.gazetteer import finding as gazetteer

VAGUE_METRES = 200.0  # from here on a point would say more than is known


@dataclass(frozen=True, slots=True)
class Spot:
    """A place as far as it is known; `found` are the facts that tell how an address led there."""

    point: Point | None = None
    district: str = ""
    found: Mapping[str, str] | None = None


NOWHERE = Spot()


def spot(report: Report, facility: Tie | None) -> Spot:
    """Return where a report lies; the gazetteer is asked only where nothing else tells."""
    if report.point:
        return Spot(report.point)
    if facility and (point := _point_of(facility)):
        return Spot(point)
    return _of_address(gazetteer.place_of(report.address)) if report.address else NOWHERE


def _of_address(found: Found) -> Spot:
    place = found.place
    if place is None:
        return NOWHERE
    told = {gazetteer.FACT: place.grade.value, "place_metres": f"{place.radius_metres:.0f}"}
    if place.radius_metres > VAGUE_METRES:
        return Spot(None, place.district, told) if place.district else NOWHERE
    return Spot(_point(place.lon, place.lat), place.district, told)


def _point_of(facility: Tie) -> Point | None:
    """Return where a facility stands, as the place of a case that names it and no place."""
    if facility.lon is None or facility.lat is None:
        return None
    return _point(facility.lon, facility.lat)


def _point(lon: float, lat: float) -> Point:
    east, north = f"{lon:.7f}", f"{lat:.7f}"
    return Point(east, north, Crs.WGS84, east, north)
