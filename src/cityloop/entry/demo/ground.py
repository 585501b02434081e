"""The areas of the demo city: communities without a gap between them, and the districts they make up."""

import math
from collections.abc import Sequence
from random import Random

import shapely
from shapely import MultiPoint, Point, Polygon
from shapely.geometry.base import BaseGeometry

from cityloop.entry.demo.script import Script
from cityloop.registry.actions import NewArea

EVENNESS = 3  # rounds of moving each seed to the middle of its cell
STEP = 0.02  # the length of straight line, in spans, after which a border bends
GRID = 1e-6  # degrees; neighbours share every corner exactly


def areas(script: Script, chance: Random) -> list[NewArea]:
    """Return the districts and then their communities, with polygons that fit together."""
    belongs: dict[str, list[Polygon]] = {district.code: [] for district in script.districts}
    for cell in _cells(script.communities, chance):
        nearest = min(script.districts, key=lambda district: math.dist(district.at, (cell.centroid.x, cell.centroid.y)))
        belongs[nearest.code].append(_on_earth(cell, script))
    districts, communities = [], []
    for district in script.districts:
        cells = sorted(belongs[district.code], key=lambda cell: (-cell.centroid.y, cell.centroid.x))
        outline = shapely.union_all(cells)
        districts.append(NewArea(district.code, district.name, "district", None, shapely.to_wkb(outline)))
        for number, cell in enumerate(cells):
            code = f"{district.code}{number // 3 + 1:03d}{number % 3 + 1:03d}"
            name = f"{district.communities[number]}社区"
            communities.append(NewArea(code, name, "community", district.code, shapely.to_wkb(cell)))
    return districts + communities


def spot(shape: bytes, chance: Random) -> tuple[float, float]:
    """Return a point inside an area."""
    area = shapely.from_wkb(shape)
    west, south, east, north = area.bounds
    while True:
        place = Point(chance.uniform(west, east), chance.uniform(south, north))
        if area.contains(place):
            return place.x, place.y


def _cells(count: int, chance: Random) -> list[Polygon]:
    """Return the cells around so many seeds in a circle of radius 1, of roughly even size."""
    outline = Point(0, 0).buffer(1)
    seeds = [_in_circle(chance) for _ in range(count)]
    for _ in range(EVENNESS):
        seeds = [cell.centroid for cell in _around(seeds, outline)]
    return _around(seeds, outline)


def _around(seeds: Sequence[Point], outline: Polygon) -> list[Polygon]:
    cells = shapely.voronoi_polygons(MultiPoint(seeds), extend_to=outline)
    return [cell.intersection(outline) for cell in cells.geoms]


def _in_circle(chance: Random) -> Point:
    angle, radius = chance.uniform(0, math.tau), math.sqrt(chance.random())
    return Point(radius * math.cos(angle), radius * math.sin(angle))


def _on_earth(cell: Polygon, script: Script) -> BaseGeometry:
    """Return the cell in degrees, its borders bent as streets and rivers bend them."""
    (lon, lat), (width, height) = script.centre, script.span

    def placed(x: float, y: float) -> tuple[float, float]:
        east = x + 0.05 * math.sin(5 * y + 1) + 0.02 * math.sin(17 * y + 3 * x)
        north = y + 0.06 * math.sin(4 * x) + 0.015 * math.sin(21 * x + 2)
        return lon + width * east, lat + height * north

    corners = [placed(x, y) for x, y in cell.segmentize(STEP).exterior.coords]
    return shapely.set_precision(Polygon(corners), GRID)
