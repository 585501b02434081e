"""The areas of the demo city: communities without gaps between them, the streets and districts that they form, the
unit grids that they are divided into, and patrol grids across their borders.
"""

import math
from collections.abc import Iterator, Sequence
from random import Random

import shapely
from shapely import MultiPoint, Point, Polygon
from shapely.geometry.base import BaseGeometry

from cityloop.entry.demo.script import District, Script
from cityloop.registry.areas.actions import NewArea

EVENNESS = 3  # rounds of moving each seed to the middle of its cell
IN_A_STREET = 3  # communities
IN_A_COMMUNITY = 4  # unit grids
IN_A_WALK = 8  # unit grids of a patrol grid
LEVELS = ("district", "street", "community", "unit_grid", "patrol_grid")
STEP = 0.02  # the length of a straight piece of border, as a share of the span
GRID = 1e-6  # degrees; neighbours share every corner exactly


def areas(script: Script, chance: Random) -> list[NewArea]:
    """Return districts, streets, communities, unit grids and patrol grids, with polygons that fit together."""
    belongs: dict[str, list[Polygon]] = {district.code: [] for district in script.districts}
    for cell in _cells(script.communities, chance):
        nearest = min(script.districts, key=lambda district: math.dist(district.at, (cell.centroid.x, cell.centroid.y)))
        belongs[nearest.code].append(_on_earth(cell, script))
    found = [area for district in script.districts for area in _of_district(district, belongs[district.code])]
    return sorted(found, key=lambda area: LEVELS.index(area.level))


def _of_district(district: District, cells: Sequence[Polygon]) -> Iterator[NewArea]:
    cells = sorted(cells, key=lambda cell: (-cell.centroid.y, cell.centroid.x))
    yield _area(district.code, district.name, "district", None, shapely.union_all(cells))
    grids: list[Polygon] = []
    for first in range(0, len(cells), IN_A_STREET):
        street, own = f"{district.code}{first // IN_A_STREET + 1:03d}", cells[first : first + IN_A_STREET]
        yield _area(street, f"{district.communities[first]}街道", "street", district.code, shapely.union_all(own))
        for number, cell in enumerate(own):
            code, name = f"{street}{number + 1:03d}", district.communities[first + number]
            yield _area(code, f"{name}社区", "community", street, cell)
            parts = _parts(cell, Random(code))  # noqa: S311  # the same grids every time
            grids += parts
            for serial, part in enumerate(parts, start=1):
                yield _area(f"{code}{serial:03d}", f"{name}第{serial}网格", "unit_grid", code, part)
    for number, part in enumerate(_walks(grids), start=1):
        yield _area(
            f"{district.code}P{number:02d}", f"{district.name}第{number}巡查网格", "patrol_grid", district.code, part
        )


def _parts(cell: Polygon, chance: Random) -> list[Polygon]:
    """Return the unit grids of a community, numbered from the north-west as the standard prescribes."""
    west, south, east, north = cell.bounds
    seeds: list[Point] = []
    while len(seeds) < IN_A_COMMUNITY:
        seed = Point(chance.uniform(west, east), chance.uniform(south, north))
        if cell.contains(seed):
            seeds.append(seed)
    for _ in range(EVENNESS):
        seeds = [part.centroid for part in _around(seeds, cell)]
    # Corners on the community's own border are not rounded: they would move off the border.
    return sorted(_around(seeds, cell), key=lambda part: (-round(part.centroid.y, 2), part.centroid.x))


def _walks(grids: Sequence[Polygon]) -> Iterator[BaseGeometry]:
    """Yield patrol grids: neighbouring unit grids, across the borders of communities."""
    ordered = sorted(grids, key=lambda grid: grid.centroid.x)
    for first in range(0, len(ordered), IN_A_WALK):
        yield shapely.union_all(ordered[first : first + IN_A_WALK])


def _area(code: str, name: str, level: str, parent: str | None, shape: BaseGeometry) -> NewArea:
    return NewArea(code, name, level, parent, shapely.to_wkb(shape))


def spot(shape: bytes, chance: Random) -> tuple[float, float]:
    """Return a point inside an area."""
    area = shapely.from_wkb(shape)
    west, south, east, north = area.bounds
    while True:
        place = Point(chance.uniform(west, east), chance.uniform(south, north))
        if area.contains(place):
            return place.x, place.y


def _cells(count: int, chance: Random) -> list[Polygon]:
    """Return `count` cells of roughly equal size in a circle of radius 1."""
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
    """Return the cell in degrees, with its borders bent as streets and rivers bend."""
    (lon, lat), (width, height) = script.centre, script.span

    def placed(x: float, y: float) -> tuple[float, float]:
        east = x + 0.05 * math.sin(5 * y + 1) + 0.02 * math.sin(17 * y + 3 * x)
        north = y + 0.06 * math.sin(4 * x) + 0.015 * math.sin(21 * x + 2)
        return lon + width * east, lat + height * north

    corners = [placed(x, y) for x, y in cell.segmentize(STEP).exterior.coords]
    return shapely.set_precision(Polygon(corners), GRID)
