"""Coordinate systems: find one by its name and convert geometries into WGS-84.

PROJ (pyproj) is loaded only inside functions: an import needs it, a web process does not.
"""

from collections.abc import Iterable
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from cityloop.core.invalid_values import InvalidValue
from cityloop.core.place.geo import Crs, many_to_wgs84, parse_crs

OWN = "file"  # in a mapping: the system that the file itself names
COARSE_METRES = 5.0
LONGEST_NAME = 60  # characters of a name that a sentence repeats; WKT has thousands


class UnknownSystem(InvalidValue):
    """A coordinate system that neither CityLoop nor PROJ knows."""

    def __init__(self, name: str) -> None:
        super().__init__("no-such-coordinate-system", {"value": name[:LONGEST_NAME]})


def system(name: str) -> "Crs | Any":
    """Return the coordinate system of a name or WKT, from PROJ if it is not a Crs; raise UnknownSystem otherwise."""
    try:
        return parse_crs(name)
    except ValueError:
        return _from_proj(name)


def _from_proj(name: str) -> Any:
    from pyproj import CRS
    from pyproj.exceptions import CRSError

    try:
        found = CRS.from_user_input(int(name) if name.strip().isdigit() else name)
    except CRSError as error:
        raise UnknownSystem(name) from error
    if found.is_geographic and found.to_epsg(min_confidence=100) in (4326, None) and "WGS 84" in found.name:
        return Crs.WGS84
    return Crs.CGCS2000 if found.to_epsg() == 4490 else found


def title(crs: "Crs | Any") -> str:
    """Return the name of a system for a sentence."""
    return crs.value if isinstance(crs, Crs) else f"{crs.to_string()[:40]} {crs.name}"


def into_wgs84(geometries: Iterable[BaseGeometry | None], crs: "Crs | Any") -> tuple[NDArray[np.object_], float]:
    """Return geometries in WGS-84, longitude first, and their accuracy in metres as PROJ gives it (NaN: unknown).

    Points outside the range of a projection get infinite coordinates.
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
