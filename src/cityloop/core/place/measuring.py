"""Square metres and metres of what is drawn in degrees of WGS-84, on its ellipsoid and without PROJ.

An import may use PROJ; a web process must not load it.
"""

import math
from collections.abc import Callable, Iterable

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

AXIS = 6_378_137.0
SQUARED = 0.006_694_379_990_141_317  # the first eccentricity, squared
ECCENTRICITY = math.sqrt(SQUARED)
OCTANTS = ("east", "north-east", "north", "north-west", "west", "south-west", "south", "south-east")

Pairs = NDArray[np.float64]


def square_metres(geometries: Iterable[BaseGeometry]) -> NDArray[np.float64]:
    """Return the area of geometries, by Lambert's cylindrical equal-area projection of the ellipsoid."""
    listed = list(geometries)
    array = np.empty(len(listed), dtype=object)
    array[:] = listed
    measured: NDArray[np.float64] = shapely.area(shapely.transform(array, _equal_area))
    return measured


def _equal_area(pairs: Pairs) -> Pairs:
    sines = np.sin(np.radians(pairs[:, 1]))
    bent = ECCENTRICITY * sines
    heights = (1 - SQUARED) / 2 * (sines / (1 - bent * bent) + np.arctanh(bent) / ECCENTRICITY)
    return np.column_stack((np.radians(pairs[:, 0]), heights)) * AXIS


def plane_at(lon: float, lat: float) -> Callable[[Pairs], Pairs]:
    """Return what turns pairs into metres east and north of a place; true near it, and to a percent within 100 km."""
    sine, cosine = math.sin(math.radians(lat)), math.cos(math.radians(lat))
    bulge = 1 - SQUARED * sine * sine
    east = math.radians(AXIS / math.sqrt(bulge) * cosine)
    north = math.radians(AXIS * (1 - SQUARED) / bulge**1.5)
    return lambda pairs: (pairs - (lon, lat)) * (east, north)


def direction(east: float, north: float) -> str:
    """Return the point of the compass, of eight, in which so many metres east and north lie."""
    return OCTANTS[round(math.degrees(math.atan2(north, east)) / 45) % 8]
