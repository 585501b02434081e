"""What is known of one place: the areas it lies in, or why it lies in none. Sentences are in registry/areas/answers.py.

For a place outside, the nearest area is given, and the reading of its coordinates that would lie in the city.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from cityloop.core.place.areas import UPWARD, AreaLayout, Numbers
from cityloop.core.place.geo import (
    SHIFTED,
    AreaIndex,
    Crs,
    Pair,
    PointFault,
    check_point,
    many_to_wgs84,
    to_wgs84,
)
from cityloop.core.place.mainland import is_doubtful
from cityloop.core.place.measuring import direction, plane_at

BORDER_METRES = 0.5
PER_DEGREE = 111_320.0
FAR_METRES = 50_000.0  # beyond this the nearest in degrees is near enough
SYSTEMS = (Crs.WGS84, Crs.GCJ02, Crs.BD09)
SWAPPED = "swapped"

Named = Sequence[frozenset[str]]  # for each of many places the codes of the areas that its words name

LEAST_PLACES = 5
LEAST_GAIN = 0.005  # of all places of a batch, that another reading would bring into the city


@dataclass(frozen=True, slots=True)
class NearestArea:
    """The nearest area, how far it is and in which direction from the place."""

    code: str
    metres: float
    direction: str


@dataclass(frozen=True, slots=True)
class CoordinateReading:
    """Another way to read the coordinates that would lie in the city: a system, or `swapped`; how far off that is."""

    name: str
    code: str
    metres: float
    lon: float
    lat: float


@dataclass(frozen=True, slots=True)
class Where:
    """Where a place lies: codes by level and by kind of grid, and what is notable about that.

    `meeting` are areas of the smallest level whose borders pass within half a metre, `overlapping` those that cover it
    together: the smallest code wins. `nearest` is given outside the city, or (`missing` names the level) in a gap
    between smaller areas.
    """

    lon: float
    lat: float
    lineage: Mapping[str, str] = field(default_factory=dict)
    grids: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    meeting: tuple[str, ...] = ()
    overlapping: tuple[str, ...] = ()
    missing: str | None = None
    nearest: NearestArea | None = None
    fault: PointFault | None = None
    readings: tuple[CoordinateReading, ...] = ()
    is_doubtful: bool = False  # near the edge of the mainland services may not shift as the system's name says

    @property
    def is_inside(self) -> bool:
        return bool(self.lineage)

    @property
    def code(self) -> str | None:
        """Return the smallest area that the place lies in."""
        return next((self.lineage[level] for level in UPWARD if level in self.lineage), None)


def where(layout: AreaLayout, lon: float, lat: float, crs: Crs = Crs.WGS84) -> Where:
    """Return where a place lies whose raw pair is given in `crs`."""
    found = _where(layout, lon, lat, crs)
    usable = crs in SHIFTED and found.fault is None
    return replace(found, is_doubtful=True) if usable and is_doubtful(found.lon, found.lat) else found


def _where(layout: AreaLayout, lon: float, lat: float, crs: Crs) -> Where:
    fault = check_point(lon, lat)
    if fault is PointFault.NOT_FINITE:
        return Where(lon, lat, fault=fault)
    if fault in (PointFault.OUT_OF_RANGE, PointFault.SWAPPED):
        return Where(lon, lat, fault=fault, readings=tuple(_swapped(layout, lon, lat, crs)))
    east, north = to_wgs84(lon, lat, crs)
    lineage = layout.lineage_at(east, north)
    if not lineage:
        readings = (*_swapped(layout, lon, lat, crs), *_other_systems(layout, lon, lat, crs))
        return Where(east, north, nearest=_nearest(layout, east, north), fault=fault, readings=readings)
    return _inside(layout, east, north, lineage, fault)


def _inside(layout: AreaLayout, lon: float, lat: float, lineage: Mapping[str, str], fault: PointFault | None) -> Where:
    level = next(level for level in UPWARD if level in lineage)
    distances = _border_distances(layout.levels[level], lon, lat)
    meeting = tuple(code for code, metres in distances.items() if metres <= BORDER_METRES)
    covering = layout.levels[level].covering(lon, lat)
    # On a border both neighbours cover the place; that is no overlap.
    deep = tuple(code for code in covering if distances[code] > BORDER_METRES)
    missing, nearest = _gap(layout, lon, lat, level, lineage)
    return Where(
        lon,
        lat,
        lineage,
        layout.grids_at(lon, lat),
        meeting,
        tuple(covering) if len(deep) > 1 else (),
        missing,
        nearest,
        fault,
    )


def _border_distances(index: AreaIndex, lon: float, lat: float) -> dict[str, float]:
    """Return the distance in metres of a place from the borders of the areas around it."""
    around = index.around(lon, lat, 2 * BORDER_METRES / PER_DEGREE / max(0.01, np.cos(np.radians(lat))))
    borders = shapely.transform([shapely.boundary(shape) for _, shape in around], plane_at(lon, lat))
    metres = shapely.distance(borders, shapely.Point(0, 0))
    found: dict[str, float] = {}
    for (code, _), distance in zip(around, metres, strict=True):
        found[code] = min(found.get(code, np.inf), float(distance))
    return found


def _gap(
    layout: AreaLayout, lon: float, lat: float, level: str, lineage: Mapping[str, str]
) -> tuple[str | None, NearestArea | None]:
    """Return the level whose areas should cover the place but do not, and the nearest of them."""
    if level == UPWARD[0]:
        return None, None
    code = lineage[level]
    own = {area.level: area for area in layout.areas.values() if area.parent == code and area.level in UPWARD}
    missing = next((name for name in UPWARD if name in own), None)
    if missing is None:
        return None, None
    return missing, _nearest_of(layout.levels[missing], lon, lat)


def _swapped(layout: AreaLayout, lon: float, lat: float, crs: Crs) -> Iterator[CoordinateReading]:
    if abs(lon) <= 90 and (found := _read(layout, SWAPPED, to_wgs84(lat, lon, crs), (lon, lat))):
        yield found


def _other_systems(layout: AreaLayout, lon: float, lat: float, crs: Crs) -> Iterator[CoordinateReading]:
    given = to_wgs84(lon, lat, crs)
    for other in SYSTEMS:
        pair = to_wgs84(lon, lat, other)
        # Outside the mainland GCJ-02 is WGS-84.
        if pair != given and (found := _read(layout, other.value, pair, given)):
            yield found


def _read(layout: AreaLayout, name: str, pair: Pair, given: Pair) -> CoordinateReading | None:
    lineage = layout.lineage_at(*pair)
    if not lineage:
        return None
    metres = float(np.hypot(*plane_at(*given)(np.array([pair]))[0]))
    return CoordinateReading(name, next(lineage[level] for level in UPWARD if level in lineage), metres, *pair)


def _nearest(layout: AreaLayout, lon: float, lat: float) -> NearestArea | None:
    """Return the nearest area of any level of the tree; of nested ones the smallest."""
    found = [near for index in layout.levels.values() if (near := _nearest_of(index, lon, lat))]
    return min(found, key=lambda near: round(near.metres, 1), default=None)


def _nearest_of(index: AreaIndex, lon: float, lat: float) -> NearestArea | None:
    first = index.nearest(lon, lat)
    if first is None:
        return None
    found = _near(*first, lon, lat)
    if found.metres > FAR_METRES:
        return found
    # Degrees of longitude are shorter, so another may be nearer in metres.
    degrees = found.metres / PER_DEGREE / max(0.01, np.cos(np.radians(lat))) * 1.01
    others = (_near(code, shape, lon, lat) for code, shape in index.around(lon, lat, degrees))
    return min([found, *others], key=lambda near: (round(near.metres, 2), near.code))


def _near(code: str, shape: BaseGeometry, lon: float, lat: float) -> NearestArea:
    line = shapely.shortest_line(shapely.Point(0, 0), shapely.transform(shape, plane_at(lon, lat)))
    east, north = shapely.get_coordinates(line)[-1].tolist()
    return NearestArea(code, float(np.hypot(east, north)), direction(east, north))


def fitting(layout: AreaLayout, lons: Numbers, lats: Numbers, named: Named = ()) -> dict[Crs, int]:
    """Return how many of many raw pairs fit, for each system they might be in; see `fit`."""
    pairs = np.column_stack((lons, lats))
    moved = {crs: many_to_wgs84(pairs, crs) for crs in SYSTEMS}
    return {crs: fit(layout, read[:, 0], read[:, 1], named) for crs, read in moved.items()}


def fit(layout: AreaLayout, lons: Numbers, lats: Numbers, named: Named = ()) -> int:
    """Return how many places lie in the city, and in one of the areas that `named` has for each, if it has any."""
    found = layout.locate_many(lons, lats)
    inside = np.zeros(len(lons), dtype=bool)
    agrees = np.array([not codes for codes in named] or [True] * len(lons), dtype=bool)
    for level in UPWARD:
        codes = found.get(level, np.full(len(lons), None))
        inside |= codes != None  # noqa: E711  # each of them
        agrees |= [code in wanted for code, wanted in zip(codes, named, strict=True)] if named else False
    return int(np.count_nonzero(inside & agrees))


def better_reading(fitting: Mapping[Crs, int], given: int, places: int) -> Crs | None:
    """Return the system in which clearly more of so many places would fit than the `given` number that do."""
    best = max(fitting, key=lambda crs: fitting[crs])
    gained = fitting[best] - given
    return best if gained >= LEAST_PLACES and gained > LEAST_GAIN * places else None
