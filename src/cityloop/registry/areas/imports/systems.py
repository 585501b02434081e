"""Coordinate systems of areas: named, turned into WGS-84. Which areas they are is said elsewhere.

PROJ (pyproj) is loaded inside functions alone: only an import needs it, no web process does.
"""

from collections.abc import Iterable
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from cityloop.core.place.geo import Crs, many_to_wgs84, parse_crs

OWN = "file"  # in a mapping: the system that the file names itself
COARSE_METRES = 5.0


def system(words: str) -> "Crs | Any":
    """Return the system that words or WKT name, one of PROJ where it is none of ours; ValueError says what is known."""
    try:
        return parse_crs(words)
    except ValueError as unknown:
        return _of_proj(words, unknown)


def _of_proj(words: str, unknown: ValueError) -> Any:
    from pyproj import CRS
    from pyproj.exceptions import CRSError

    try:
        found = CRS.from_user_input(int(words) if words.strip().isdigit() else words)
    except CRSError as error:
        raise ValueError(f"{unknown} Any other by its EPSG code, as in EPSG:4547.") from error
    if found.is_geographic and found.to_epsg(min_confidence=100) in (4326, None) and "WGS 84" in found.name:
        return Crs.WGS84
    return Crs.CGCS2000 if found.to_epsg() == 4490 else found


def title(crs: "Crs | Any") -> str:
    """Return what a system is called in a sentence."""
    return crs.value if isinstance(crs, Crs) else f"{crs.to_string()[:40]} {crs.name}"


def into_wgs84(geometries: Iterable[BaseGeometry | None], crs: "Crs | Any") -> tuple[NDArray[np.object_], float]:
    """Return geometries in WGS-84, longitude first, and how many metres PROJ says they may be off (NaN: unknown).

    What lies outside the range of a projection gets infinite coordinates.
    """
    array = _array(geometries)
    if isinstance(crs, Crs):
        with np.errstate(invalid="ignore"):
            return shapely.transform(array, lambda pairs: many_to_wgs84(pairs, crs)), 0.0
    from pyproj import CRS, Transformer

    # Metres of CGCS2000 need no change of datum: it equals WGS-84 to decimetres.
    change = Transformer.from_crs(crs, CRS.from_epsg(4326), always_xy=True)
    accuracy = 0.0 if "China 2000" in str(crs.datum) else change.accuracy
    moved = shapely.transform(array, lambda pairs: np.column_stack(change.transform(*pairs.T)))
    return moved, accuracy if accuracy >= 0 else float("nan")


def _array(geometries: Iterable[BaseGeometry | None]) -> NDArray[np.object_]:
    listed = list(geometries)
    array = np.empty(len(listed), dtype=object)
    array[:] = listed
    return array
