"""Plane geometry of a city: coordinate systems, which area covers a point, outlines for small pictures.

Only arithmetic is here. Areas are imported and stored in registry/areas. Coordinates are
degrees, longitude first, and WGS-84 unless a system is named.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from threading import Lock
from types import ModuleType
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from cityloop.core.invalid_values import InvalidValue
from cityloop.core.place.mainland import Measure, is_in_mainland

Pair = tuple[float, float]
Many = tuple[NDArray[np.float64], NDArray[np.float64]]


class Crs(StrEnum):
    """The coordinate systems that reports come in."""

    CGCS2000 = "cgcs2000"
    WGS84 = "wgs84"
    GCJ02 = "gcj02"  # AMap, Tencent
    BD09 = "bd09"  # Baidu


SHIFTED = (Crs.GCJ02, Crs.BD09)  # BD-09 is GCJ-02 shifted once more
_CRS_WORDS = {
    "epsg:4326": Crs.WGS84,
    "wgs84": Crs.WGS84,
    "epsg:4490": Crs.CGCS2000,
    "cgcs2000": Crs.CGCS2000,
    "gcj02": Crs.GCJ02,
    "bd09": Crs.BD09,
}


def parse_crs(words: str) -> Crs:
    """Return the system that `words` name, ignoring case and hyphens; InvalidValue if it is not known."""
    crs = _CRS_WORDS.get(words.strip().lower().replace("-", ""))
    if crs is None:
        raise InvalidValue("unknown-coordinate-system", {"value": words})
    return crs


def to_wgs84(lon: float, lat: float, crs: Crs) -> Pair:
    """Return the WGS-84 pair of a pair in `crs`; the inverse of `from_wgs84` to better than a millimetre.

    Only within some hundred metres of the edge of the mainland it may not be: there two places have one pair.

    CGCS2000 is taken as equal to WGS-84: they differ by decimetres (GB/T 47678.4 stores CGCS2000).
    """
    if crs is Crs.BD09:
        lon, lat = _undo(_bd09_from_gcj02, lon, lat)
    if crs in SHIFTED:
        back = _undo(_gcj02_from_wgs84, lon, lat)
        lon, lat = back if is_in_mainland(*back) else (lon, lat)
    return lon, lat


def many_to_wgs84(pairs: NDArray[np.float64], crs: Crs) -> NDArray[np.float64]:
    """Return the WGS-84 pairs of an (n, 2) array of pairs in `crs`, each as `to_wgs84` gives it."""
    lon, lat = pairs.T
    if crs is Crs.BD09:
        lon, lat = _undo_many(_bd09_from_gcj02, lon, lat)
    if crs in SHIFTED:
        back_lon, back_lat = _undo_many(_gcj02_from_wgs84, lon, lat)
        shifted = is_in_mainland(back_lon, back_lat)
        lon, lat = np.where(shifted, back_lon, lon), np.where(shifted, back_lat, lat)
    return np.column_stack((lon, lat))


def from_wgs84(lon: float, lat: float, crs: Crs) -> Pair:
    """Return the pair in `crs` of a WGS-84 pair; outside the mainland of China GCJ-02 is WGS-84."""
    if crs in SHIFTED and is_in_mainland(lon, lat):
        lon, lat = _gcj02_from_wgs84(lon, lat)
    return _bd09_from_gcj02(lon, lat) if crs is Crs.BD09 else (lon, lat)


def _gcj02_from_wgs84(lon: Measure, lat: Measure, maths: ModuleType = math) -> tuple[Measure, Measure]:
    """Shift a pair as GCJ-02 does, by the formula in public use: the official one is not published."""
    x, y = lon - 105, lat - 35
    ripple = _waves((20, 6), (20, 2), at=x, maths=maths)
    east = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * maths.sqrt(abs(x)) + ripple
    east += _waves((20, 1), (40, 1 / 3), (150, 1 / 12), (300, 1 / 30), at=x, maths=maths)
    north = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * maths.sqrt(abs(x)) + ripple
    north += _waves((20, 1), (40, 1 / 3), (160, 1 / 12), (320, 1 / 30), at=y, maths=maths)
    # Metres to degrees on the Krasovsky ellipsoid.
    axis, eccentricity = 6378245.0, 0.00669342162296594323
    bulge = 1 - eccentricity * maths.sin(maths.radians(lat)) ** 2
    metres_east = axis / maths.sqrt(bulge) * maths.cos(maths.radians(lat))
    metres_north = axis * (1 - eccentricity) / bulge**1.5
    return lon + maths.degrees(east / metres_east), lat + maths.degrees(north / metres_north)


def _waves(*terms: tuple[float, float], at: Measure, maths: ModuleType) -> Measure:
    """Sum sines given as (metres, half waves per degree)."""
    heights: Any = sum(height * maths.sin(math.pi * frequency * at) for height, frequency in terms)
    waves: Measure = heights * 2 / 3
    return waves


def _bd09_from_gcj02(lon: Measure, lat: Measure, maths: ModuleType = math) -> tuple[Measure, Measure]:
    frequency = math.pi * 3000 / 180
    radius = maths.hypot(lon, lat) + 0.00002 * maths.sin(lat * frequency)
    angle = maths.atan2(lat, lon) + 0.000003 * maths.cos(lon * frequency)
    return radius * maths.cos(angle) + 0.0065, radius * maths.sin(angle) + 0.006


def _undo(shift: Callable[[float, float], Pair], lon: float, lat: float) -> Pair:
    """Find the pair that `shift` moves to (lon, lat); both shifts are so flat that a few rounds suffice."""
    guess_lon, guess_lat = lon, lat
    for _ in range(20):
        shifted_lon, shifted_lat = shift(guess_lon, guess_lat)
        guess_lon += lon - shifted_lon
        guess_lat += lat - shifted_lat
        if abs(lon - shifted_lon) + abs(lat - shifted_lat) < 1e-10:
            break
    return guess_lon, guess_lat


def _undo_many(shift: Callable[..., Many], lon: NDArray[np.float64], lat: NDArray[np.float64]) -> Many:
    guess_lon, guess_lat = lon, lat
    for _ in range(20):
        shifted_lon, shifted_lat = shift(guess_lon, guess_lat, np)
        guess_lon, guess_lat = guess_lon + lon - shifted_lon, guess_lat + lat - shifted_lat
        if not np.any(np.abs(lon - shifted_lon) + np.abs(lat - shifted_lat) >= 1e-10):
            break
    return guess_lon, guess_lat


class PointFault(StrEnum):
    """Why a pair of coordinates cannot be a place in the city."""

    NOT_FINITE = "not_finite"
    OUT_OF_RANGE = "out_of_range"
    NULL_ISLAND = "null_island"  # 0, 0: a device without a fix
    SWAPPED = "swapped"  # latitude given as longitude

    @property
    def code(self) -> str:
        """The code of the Fault that a caller makes of it."""
        return _FAULT_CODES[self]


_FAULT_CODES = {
    PointFault.NOT_FINITE: "not-degrees",
    PointFault.OUT_OF_RANGE: "outside-the-earth",
    PointFault.NULL_ISLAND: "zero-zero",
    PointFault.SWAPPED: "coordinates-swapped",
}


def check_point(lon: float, lat: float) -> PointFault | None:
    """Return what is wrong with a raw pair in any of the systems, or None.

    A pair that would lie in China if exchanged counts as swapped, although the far north has such places.
    """
    if not (math.isfinite(lon) and math.isfinite(lat)):
        return PointFault.NOT_FINITE
    if 3 <= lon <= 54 and 73 <= lat <= 136:
        return PointFault.SWAPPED
    if abs(lon) > 180 or abs(lat) > 90:
        return PointFault.OUT_OF_RANGE
    return PointFault.NULL_ISLAND if abs(lon) < 1e-6 and abs(lat) < 1e-6 else None


class AreaIndex:
    """Finds the area that covers a point among many; immutable and safe to share between threads.

    Built from (code, polygon or its WKB) pairs, the polygons valid (see `repair`); one code may have several.
    ValueError for what is not a polygon. On a shared border or in an overlap the smallest code has the point.
    """

    def __init__(self, areas: Iterable[tuple[str, bytes | BaseGeometry]]) -> None:
        ordered = sorted(((code, _polygonal(geometry)) for code, geometry in areas), key=lambda area: area[0])
        self._polygons: NDArray[np.object_] = np.array([polygon for _, polygon in ordered], dtype=object)
        # The place after the last belongs to the points that no area covers.
        self._codes: NDArray[np.object_] = np.array([*(code for code, _ in ordered), None], dtype=object)
        self._tree = shapely.STRtree(self._polygons)
        shapely.prepare(self._polygons)
        # GEOS corrupts memory when two threads test one prepared polygon, and shapely releases the GIL.
        self._testing = Lock()

    def __len__(self) -> int:
        return len(self._polygons)

    def locate(self, lon: float, lat: float) -> str | None:
        """Return the code of the area that covers the point, or None."""
        near = self._tree.query(shapely.Point(lon, lat))  # for one point, this takes a third of the time of locate_many
        with self._testing:
            covering = near[shapely.intersects_xy(self._polygons[near], lon, lat)]
        return self._codes[covering.min()] if len(covering) else None

    @property
    def codes(self) -> NDArray[np.object_]:
        """Return the code at each position; after the last one None."""
        return self._codes

    def covering(self, lon: float, lat: float) -> list[str]:
        """Return the codes of all areas that cover the point, in order."""
        near = np.sort(self._tree.query(shapely.Point(lon, lat)))
        with self._testing:
            covering = near[shapely.intersects_xy(self._polygons[near], lon, lat)]
        return list(dict.fromkeys(self._codes[covering].tolist()))

    def covering_many(self, lons: NDArray[np.float64], lats: NDArray[np.float64]) -> list[list[str]]:
        """Return for each point what `covering` returns; nothing for NaN."""
        points, areas = self._covered(lons, lats)
        found: list[dict[str, None]] = [{} for _ in lons]
        for point, area in sorted(zip(points.tolist(), areas.tolist(), strict=True)):
            found[point][self._codes[area]] = None
        return [list(codes) for codes in found]

    def around(self, lon: float, lat: float, degrees: float) -> list[tuple[str, BaseGeometry]]:
        """Return the areas that come within so many degrees of the point, in the order of their codes."""
        near = np.sort(self._tree.query(shapely.box(lon - degrees, lat - degrees, lon + degrees, lat + degrees)))
        return list(zip(self._codes[near].tolist(), self._polygons[near].tolist(), strict=True))

    def nearest(self, lon: float, lat: float) -> tuple[str, BaseGeometry] | None:
        """Return an area as near to the point as any, in degrees; None if there is none."""
        if not len(self):
            return None
        with self._testing:
            position = self._tree.nearest(shapely.Point(lon, lat))
        return self._codes[position], self._polygons[position]

    def locate_many(self, lons: NDArray[np.float64], lats: NDArray[np.float64]) -> list[str | None]:
        """Return a code for each point of two (n,) arrays; None if no area covers it or it is NaN."""
        located: list[str | None] = self._codes[self.positions(lons, lats)].tolist()
        return located

    def positions(self, lons: NDArray[np.float64], lats: NDArray[np.float64]) -> NDArray[np.int64]:
        """Return for each point the index of its code in `codes`."""
        points, areas = self._covered(lons, lats)
        first_area: NDArray[np.int64] = np.full(len(lons), len(self))
        np.minimum.at(first_area, points, areas)
        return first_area

    def _covered(
        self, lons: NDArray[np.float64], lats: NDArray[np.float64]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return every pair of a point and an area that covers it."""
        if lons.ndim != 1 or lons.shape != lats.shape:
            raise ValueError(f"Longitudes and latitudes must match, not {lons.shape} and {lats.shape}.")
        points, areas = self._tree.query(shapely.points(lons, lats))
        # One polygon after the other: each is then read from memory once, which doubles the speed.
        by_area = np.argsort(areas, kind="stable")
        points, areas = points[by_area], areas[by_area]
        with self._testing:
            covered = shapely.intersects_xy(self._polygons[areas], lons[points], lats[points])
        return points[covered], areas[covered]


@dataclass(frozen=True, slots=True)
class Locator:
    """A small picture of an area: an SVG path (fill rule evenodd) and where places lie in it.

    Picture units, y downward, `width` by `height`, the area centred and its shape kept at its middle latitude.
    """

    width: float
    height: float
    path: str
    lon: float
    lat: float
    units_per_degree: Pair  # eastward, northward

    def place(self, lon: float, lat: float) -> Pair:
        """Return the (x, y) of a place; outside the picture if the place is outside its bounds."""
        east, north = self.units_per_degree
        return self.width / 2 + (lon - self.lon) * east, self.height / 2 - (lat - self.lat) * north


def outline(geometry: bytes | BaseGeometry, width: float, height: float, tolerance: float = 0.5) -> Locator:
    """Draw a polygon or its WKB into a picture, leaving out what is finer than `tolerance` picture units.

    ValueError for what is not a polygon.
    """
    polygon = _polygonal(geometry)
    west, south, east, north = polygon.bounds
    lon, lat = (west + east) / 2, (south + north) / 2
    narrowing = math.cos(math.radians(lat))
    scale = min(width / ((east - west) * narrowing), height / (north - south))
    frame = Locator(width, height, "", lon, lat, (scale * narrowing, scale))
    drawn = shapely.transform(polygon, lambda pairs: np.column_stack(frame.place(pairs[:, 0], pairs[:, 1])))
    simple = shapely.simplify(drawn, tolerance, preserve_topology=True)
    return Locator(width, height, _svg_path(simple, tolerance**2), lon, lat, frame.units_per_degree)


def _svg_path(polygon: BaseGeometry, least_area: float) -> str:
    rings = shapely.get_rings(shapely.get_parts(polygon))
    areas = shapely.area(shapely.polygons(rings))
    # Dissolved neighbours leave slivers by the thousand; the largest ring stays however small the picture.
    rings = rings[areas >= min(least_area, areas.max())]
    # The last corner repeats the first; Z closes the ring.
    corners = (shapely.get_coordinates(ring)[:-1].round(1).tolist() for ring in rings)
    return "".join("M" + "L".join(f"{x:g} {y:g}" for x, y in ring) + "Z" for ring in corners)


def repair(geometry: bytes | BaseGeometry) -> BaseGeometry:
    """Return the valid, flat polygon or multipolygon of a geometry or its WKB.

    Crossing outlines are resolved by what they enclose; lines and points are dropped. ValueError if no area
    is left.
    """
    return dissolve([geometry])


def dissolve(geometries: Sequence[bytes | BaseGeometry]) -> BaseGeometry:
    """Return the polygon or multipolygon that geometries cover together; ValueError if no area is left."""
    flat = shapely.force_2d([_read(geometry) for geometry in geometries])
    parts = shapely.make_valid(flat, method="structure", keep_collapsed=False)
    # A collection may hold collections.
    while np.any(shapely.get_type_id(parts) >= shapely.GeometryType.MULTIPOINT):
        parts = shapely.get_parts(parts)
    polygons = parts[shapely.get_type_id(parts) == shapely.GeometryType.POLYGON]
    return _polygonal(shapely.union_all(polygons))


def _read(geometry: bytes | BaseGeometry) -> BaseGeometry:
    return shapely.from_wkb(geometry) if isinstance(geometry, bytes) else geometry


def _polygonal(geometry: bytes | BaseGeometry) -> BaseGeometry:
    geometry = _read(geometry)
    if geometry.geom_type not in ("Polygon", "MultiPolygon") or geometry.is_empty:
        raise ValueError(f"An area must be a polygon, not {geometry.wkt[:80]}.")
    return geometry
