"""Compare areas with each other and with those already known: overlaps, gaps, shifted or swapped layers.

Nothing is changed here. Pieces are found in degrees, where neighbours share their corners exactly, and then measured
in square metres.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from cityloop.core.errors import Fault
from cityloop.core.place.geo import Crs, PointFault, check_point, from_wgs84
from cityloop.core.place.measuring import direction, square_metres

METRES_PER_DEGREE = 111_320.0
SHIFTED_METRES = (100.0, 2_000.0)  # GCJ-02 and BD-09 are 300 to 1,300 m off
ALIKE = 0.2  # the share of the shift by which the areas may differ among themselves
FITTING_METRES = 50.0


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of land that is in several areas, in none of them, or on the wrong side of a border."""

    codes: tuple[str, ...]
    square_metres: float
    lon: float
    lat: float
    shape: BaseGeometry


def overlaps(areas: Mapping[str, BaseGeometry], least: float) -> list[Piece]:
    """Return the overlaps of more than `least` square metres, the largest first."""
    codes, shapes = list(areas), np.array(list(areas.values()), dtype=object)
    first, second = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    pairs = first < second
    first, second = first[pairs], second[pairs]
    common = shapely.intersection(shapes[first], shapes[second])
    named = [(codes[a], codes[b]) for a, b in zip(first, second, strict=True)]
    return _pieces(named, common, least)


def gaps(areas: Mapping[str, BaseGeometry], least: float) -> list[Piece]:
    """Return the holes of more than `least` square metres between areas, the largest first.

    A hole within one area counts too; an inlet that is open to the outside does not.
    """
    codes, shapes = list(areas), np.array(list(areas.values()), dtype=object)
    holes = _holes(shapely.union_all(shapes))
    around: list[list[str]] = [[] for _ in holes]
    # A neighbour's border may have corners that the hole lacks, so touching is tested to a decimetre.
    for hole, area in shapely.STRtree(shapes).query(holes, predicate="dwithin", distance=1e-6).T:
        around[hole].append(codes[area])
    return _pieces([tuple(sorted(neighbours)) for neighbours in around], holes, least)


def outside(
    areas: Mapping[str, BaseGeometry], around: Mapping[str, tuple[str, BaseGeometry]], least: float
) -> list[Piece]:
    """Return the pieces of more than `least` square metres of areas outside the areas around them, largest first.

    `around` gives for an area the code and polygon of the one around it; a piece names both.
    """
    codes = [code for code in areas if code in around]
    leaving = shapely.difference(_array(areas[code] for code in codes), _array(around[code][1] for code in codes))
    return _parts([(code, around[code][0]) for code in codes], leaving, least)


def uncovered(
    wholes: Mapping[str, BaseGeometry], inside: Mapping[str, Sequence[BaseGeometry]], least: float
) -> list[Piece]:
    """Return the pieces of larger areas over `least` square metres that no area inside covers, largest first."""
    codes = [code for code in wholes if inside.get(code)]
    covered = _array(shapely.union_all(_array(inside[code])) for code in codes)
    return _parts(
        [(code,) for code in codes], shapely.difference(_array(wholes[code] for code in codes), covered), least
    )


def _parts(codes: Sequence[tuple[str, ...]], shapes: NDArray[np.object_], least: float) -> list[Piece]:
    """Return the single parts of pieces."""
    parts, whole = shapely.get_parts(shapes, return_index=True)
    return _pieces([codes[n] for n in whole], parts, least)


def _array(shapes: Iterable[BaseGeometry]) -> NDArray[np.object_]:
    listed = list(shapes)
    array = np.empty(len(listed), dtype=object)
    array[:] = listed
    return array


def _holes(covered: BaseGeometry) -> NDArray[np.object_]:
    parts = shapely.get_parts(covered)
    rings = [shapely.get_interior_ring(part, n) for part in parts for n in range(shapely.get_num_interior_rings(part))]
    holes = shapely.polygons(np.array(rings, dtype=object)) if rings else np.zeros(0, dtype=object)
    # An island within a hole is covered.
    left: NDArray[np.object_] = shapely.difference(holes, covered)
    return left


def _pieces(codes: Sequence[tuple[str, ...]], shapes: NDArray[np.object_], least: float) -> list[Piece]:
    measured = square_metres(shapes)
    large = np.flatnonzero(measured > least)
    order = large[np.argsort(-measured[large], kind="stable")]
    places = shapely.get_coordinates(shapely.point_on_surface(shapes[order]))
    return [
        Piece(codes[n], float(measured[n]), place[0], place[1], shapes[n])
        for n, place in zip(order, places.tolist(), strict=True)
    ]


def is_swapped(shapes: NDArray[np.object_]) -> bool:
    """Return whether most of a layer would be in China if longitude and latitude were exchanged."""
    bounds = shapely.bounds(shapes[~shapely.is_missing(shapes)])
    middles = (bounds[:, :2] + bounds[:, 2:]) / 2
    swapped = sum(check_point(lon, lat) is PointFault.SWAPPED for lon, lat in middles.tolist())
    return swapped > len(middles) / 2


def shift(new: Mapping[str, BaseGeometry], known: Mapping[str, BaseGeometry]) -> Fault | None:
    """Return by how much a whole layer is off the known areas of the same codes, or None if it is not."""
    there, here = _middles(new, known)
    if not len(there):
        return None
    moved = _metres(there - here, here)
    typical = np.median(moved, axis=0)
    distance = float(np.hypot(*typical))
    spread = float(np.median(np.hypot(*(moved - typical).T)))
    if not SHIFTED_METRES[0] <= distance <= SHIFTED_METRES[1] or spread > ALIKE * distance:
        return None
    code, system = next(_suspects(there, here), ("layer-shifted", ""))
    values = {"metres": f"{distance:,.0f}", "direction": direction(*typical), "count": f"{len(there):,}"}
    return Fault("the whole layer", code, {**values, "system": system})


def _middles(
    new: Mapping[str, BaseGeometry], known: Mapping[str, BaseGeometry]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the centroids of the codes that both have and whose polygons are of about one size."""
    codes = sorted(new.keys() & known.keys())
    pair = [(new[code], known[code]) for code in codes if 0.5 < new[code].area / known[code].area < 2]
    if not pair:
        return np.zeros((0, 2)), np.zeros((0, 2))
    both = shapely.get_coordinates(shapely.centroid(np.array(pair, dtype=object)))
    return both[0::2], both[1::2]


def _metres(degrees: NDArray[np.float64], at: NDArray[np.float64]) -> NDArray[np.float64]:
    east = degrees[:, 0] * np.cos(np.radians(at[:, 1]))
    return np.column_stack((east, degrees[:, 1])) * METRES_PER_DEGREE


def _suspects(there: NDArray[np.float64], here: NDArray[np.float64]) -> Iterator[tuple[str, str]]:
    """Yield the code of the sentence and the system of the file or of the known areas that explains the shift."""
    for crs, name in ((Crs.GCJ02, "GCJ-02"), (Crs.BD09, "BD-09")):
        for right, shifted, code in (
            (here, there, "layer-shifted-in-file"),
            (there, here, "layer-shifted-in-known-areas"),
        ):
            expected = np.array([from_wgs84(lon, lat, crs) for lon, lat in right.tolist()])
            off = np.median(np.hypot(*_metres(expected - shifted, right).T))
            if off < FITTING_METRES:
                yield code, name
