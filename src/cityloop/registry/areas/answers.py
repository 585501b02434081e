"""Sentences that tell a person in which areas a place is. core.place.where finds the areas."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from django.utils.translation import gettext, gettext_lazy

from cityloop.core.place.areas import TREE
from cityloop.core.place.geo import PointFault
from cityloop.core.place.where import SWAPPED, CoordinateReading, NearestArea, Where
from cityloop.registry.city.city import City
from cityloop.registry.city.facts import title

LEVELS = {
    "city": gettext_lazy("City"),
    "district": gettext_lazy("District"),
    "street": gettext_lazy("Street"),
    "community": gettext_lazy("Community"),
    "unit_grid": gettext_lazy("Unit grid"),
}
SYSTEMS = {"wgs84": "WGS-84", "cgcs2000": "CGCS2000", "gcj02": "GCJ-02", "bd09": "BD-09"}
FAULTS = {
    PointFault.NOT_FINITE: gettext_lazy("These are not coordinates."),
    PointFault.OUT_OF_RANGE: gettext_lazy("This lies outside the earth: longitude is -180 to 180, latitude -90 to 90."),
    PointFault.NULL_ISLAND: gettext_lazy("Devices that do not know where they are send 0, 0. It is not in the city."),
    PointFault.SWAPPED: gettext_lazy("Longitude and latitude look exchanged."),
}
TOWARDS = {
    "north": gettext_lazy("to the north"),
    "north-east": gettext_lazy("to the north-east"),
    "east": gettext_lazy("to the east"),
    "south-east": gettext_lazy("to the south-east"),
    "south": gettext_lazy("to the south"),
    "south-west": gettext_lazy("to the south-west"),
    "west": gettext_lazy("to the west"),
    "north-west": gettext_lazy("to the north-west"),
}


@dataclass(frozen=True, slots=True)
class AreaLine:
    """An area that contains a place: its kind, code and name."""

    kind: str
    code: str
    name: str


def level_title(level: str, city: City) -> str:
    """Return the name of a level or a kind of grid."""
    words: Mapping[str, str] | None = city.grid_kinds.get(level)
    return title(words) if words else str(LEVELS.get(level, level))


def lines(found: Where, city: City) -> list[AreaLine]:
    """Return the areas that contain a place, the largest first, then grids of other kinds."""
    named = [(level, found.lineage[level]) for level in TREE if level in found.lineage]
    named += [(kind, code) for kind, codes in found.grids.items() for code in codes]
    return [AreaLine(level_title(level, city), code, city.areas[code].name) for level, code in named]


def sentences(found: Where, city: City) -> list[str]:
    """Return everything to know about where a place is, the most important first."""
    return list(_sentences(found, city))


def _sentences(found: Where, city: City) -> Iterator[str]:
    if found.fault:
        yield str(FAULTS[found.fault])
    if found.is_inside:
        yield from _inside(found, city)
    elif found.fault is None:
        yield gettext("It lies in no area of the city.")
        if found.nearest:
            yield _nearest(found.nearest, city)
    if found.is_doubtful:
        yield gettext(
            "So near the edge of the mainland not every service shifts coordinates. Compare with a place you know."
        )
    for reading in found.readings:
        yield _reading(reading, city)


def _inside(found: Where, city: City) -> Iterator[str]:
    code = found.code or ""
    yield gettext("It lies in %(area)s.") % {"area": _label(code, city)}
    if len(found.meeting) > 1:
        areas = gettext(", ").join(_label(code, city) for code in found.meeting)
        sentence = gettext("It is on a border where these meet: %(areas)s. The smallest code counts: %(code)s.")
        yield sentence % {"areas": areas, "code": code}
    elif found.meeting:
        yield gettext("It is on the border of %(area)s.") % {"area": _label(found.meeting[0], city)}
    if found.overlapping:
        areas = gettext(", ").join(_label(code, city) for code in found.overlapping)
        sentence = gettext("These overlap here: %(areas)s. The smallest code counts: %(code)s.")
        yield sentence % {"areas": areas, "code": code}
    if found.missing and found.nearest:
        level = level_title(found.missing, city)
        yield gettext("It lies in a gap: no area of the level %(level)s covers it.") % {"level": level}
        yield _nearest(found.nearest, city)


def _nearest(near: NearestArea, city: City) -> str:
    far = gettext("%(number)s km") % {"number": f"{near.metres / 1000:,.1f}"}
    close = gettext("%(number)s m") % {"number": f"{near.metres:,.1f}" if near.metres < 10 else f"{near.metres:,.0f}"}
    return gettext("The nearest is %(area)s, %(distance)s %(direction)s.") % {
        "area": _label(near.code, city),
        "distance": far if near.metres >= 10_000 else close,
        "direction": TOWARDS[near.direction],
    }


def _reading(reading: CoordinateReading, city: City) -> str:
    area = _label(reading.code, city)
    if reading.name == SWAPPED:
        return gettext("With longitude and latitude exchanged it lies in %(area)s.") % {"area": area}
    sentence = gettext(
        "Read as %(system)s it lies in %(area)s, %(metres)s m away: another coordinate system is likely."
    )
    return sentence % {"system": SYSTEMS[reading.name], "area": area, "metres": f"{reading.metres:,.0f}"}


def _label(code: str, city: City) -> str:
    area = city.areas[code]
    return code if area.name == code else f"{area.name} ({code})"
