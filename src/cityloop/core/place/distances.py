"""Distances between places on the earth, and the box around everything within one. Arguments are degrees of WGS-84."""

import math

EARTH_METRES = 6_371_008.8  # mean radius
PER_DEGREE = math.radians(1) * EARTH_METRES


def metres(lon: float, lat: float, other_lon: float, other_lat: float) -> float:
    """Return the distance between two places on a round earth: within a half percent of the true one."""
    half_north, half_east = math.radians(other_lat - lat) / 2, math.radians(other_lon - lon) / 2
    narrowed = math.cos(math.radians(lat)) * math.cos(math.radians(other_lat))
    haversine = math.sin(half_north) ** 2 + narrowed * math.sin(half_east) ** 2
    return 2 * EARTH_METRES * math.asin(min(1.0, math.sqrt(haversine)))


def box(lon: float, lat: float, radius_metres: float) -> tuple[float, float, float, float]:
    """Return west, south, east, north of a box that contains every place within the radius."""
    north = radius_metres / PER_DEGREE * 1.0001  # a little wide: nothing on the rim is lost to rounding
    furthest = min(abs(lat) + north, 89.9)
    # The parallel at which a circle touches its meridians lies nearer the pole than its middle.
    east = min(180.0, north / math.cos(math.radians(furthest)))
    return lon - east, lat - north, lon + east, lat + north
