"""The place benchmark: point → areas, singly and in bulk, against bare rectangles and against PostGIS.

The floor queries the same search tree for rectangles only: no polygon is tested. PostGIS runs in a server of its own if
Debian's packages are installed; it returns only the smallest area, ours returns all levels.
"""

import tempfile
import time as timer
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from cityloop.core.place.areas import AreaLayout, AreaLocator
from cityloop.core.place.where import where

AIM = 300_000  # points per second on one core against 20,000 polygons
ROUNDS = 5  # the fastest is used: other load on the machine only slows
PER_SIDE = 30  # communities along a side of the measured city
WEST, SOUTH, SIDE = 112.7, 31.3, 0.4  # degrees
STEP = 0.0002  # length in degrees of a straight piece of border
DAY = date(2026, 1, 1)
DEBIAN = Path("/usr/lib/postgresql/15/bin")
EXTENSION = Path("/usr/share/postgresql/15/extension/postgis.control")


@dataclass(frozen=True, slots=True)
class PlaceFigures:
    """The measured number of places per second, and that of the floor."""

    name: str
    rate: float
    floor: float

    @property
    def ratio(self) -> float:
        return self.rate / self.floor


@dataclass(frozen=True, slots=True)
class GridFacts:
    """An area of the measured city."""

    code: str
    level: str
    parent: str | None
    valid_from: date | None = None
    valid_until: date | None = None

    def is_valid(self, on: date) -> bool:
        """Return True: these areas are always valid."""
        return True


def measure(polygons: int, many: int, single: int) -> Iterator[PlaceFigures]:
    """Yield our figures."""
    layout = AreaLocator(*_city(polygons)).on(DAY)
    lons, lats = _places(many)
    tree = shapely.STRtree(_own(layout))
    together = _rate(many, partial(layout.locate_many, lons, lats))
    rectangles = _rate(many, lambda: tree.query(shapely.points(lons, lats)))
    yield PlaceFigures("all areas of many places", together, rectangles)
    pairs = list(zip(lons[:single].tolist(), lats[:single].tolist(), strict=True))
    alone = _rate(single, lambda: [layout.lineage_at(*pair) for pair in pairs])
    rectangle = _rate(single, lambda: [tree.query(shapely.Point(pair)) for pair in pairs])
    yield PlaceFigures("all areas of one place", alone, rectangle)
    full = _rate(single, lambda: [where(layout, *pair) for pair in pairs])
    yield PlaceFigures("one place with borders, overlaps and gaps", full, rectangle)


def measure_postgis(polygons: int, many: int, single: int) -> Iterator[PlaceFigures]:
    """Yield the figures of PostGIS with the same areas and places; its floor is our own rate."""
    layout = AreaLocator(*_city(polygons)).on(DAY)
    lons, lats = _places(many)
    with _postgis() as cursor:
        _fill(cursor, layout, lons, lats)
        sizes = {"many": many, "one": single}
        joined = "SELECT count(a.code) FROM places p JOIN areas a ON ST_Intersects(a.shape, p.place)"
        rates = {"many": _rate(sizes["many"], lambda: cursor.execute(joined), rounds=2)}
        query = "SELECT code FROM areas WHERE ST_Intersects(shape, ST_SetSRID(ST_MakePoint(%s, %s), 4326)) ORDER BY 1"
        pairs = list(zip(lons[:single].tolist(), lats[:single].tolist(), strict=True))
        rates["one"] = _rate(single, lambda: [cursor.execute(query, pair, prepare=True) for pair in pairs], rounds=2)
    ours = {"many": lambda: layout.locate_many(lons, lats), "one": lambda: [layout.lineage_at(*pair) for pair in pairs]}
    yield PlaceFigures("PostGIS, many places joined", rates["many"], _rate(many, ours["many"]))
    yield PlaceFigures("PostGIS, one place a statement", rates["one"], _rate(single, ours["one"]))


def why_not_postgis() -> str | None:
    """Return why PostGIS cannot be measured here, or None."""
    if DEBIAN.is_dir() and EXTENSION.is_file():
        return None
    return "PostGIS is not measured: Debian's postgresql-15-postgis-3 is not installed."


def _city(polygons: int) -> tuple[dict[str, GridFacts], dict[str, bytes]]:
    """Return unit grids with bent borders, the communities that they form, and their district."""
    dice = np.random.default_rng(20261121)
    seeds = shapely.multipoints(dice.random((polygons, 2)) * SIDE + (WEST, SOUTH))
    frame = shapely.box(WEST, SOUTH, WEST + SIDE, SOUTH + SIDE)
    cells = shapely.intersection(shapely.get_parts(shapely.voronoi_polygons(seeds, extend_to=frame)), frame)
    middles = shapely.get_coordinates(shapely.centroid(cells))
    bins = ((middles - (WEST, SOUTH)) / SIDE * PER_SIDE).astype(int)
    homes = [f"{490100 + 1}{column:03d}{row:03d}" for column, row in bins.tolist()]
    grids = shapely.transform(shapely.segmentize(cells, STEP), _bent)
    areas, shapes, inside = {}, {}, dict[str, list[BaseGeometry]]()
    for number, (home, shape) in enumerate(zip(homes, grids.tolist(), strict=True)):
        code = f"{home}{number:05d}"
        areas[code], shapes[code] = GridFacts(code, "unit_grid", home), shape.wkb
        inside.setdefault(home, []).append(shape)
    for home, parts in inside.items():
        areas[home], shapes[home] = GridFacts(home, "community", "490101"), shapely.union_all(parts).wkb
    areas["490101"], shapes["490101"] = GridFacts("490101", "district", None), shapely.transform(frame, _bent).wkb
    return areas, shapes


def _bent(pairs: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return corners moved a little, depending only on their place, so that neighbours keep sharing them."""
    east, north = pairs.T
    return np.column_stack((east + 0.0001 * np.sin(9000 * north), north + 0.0001 * np.sin(9000 * east)))


def _places(many: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    dice = np.random.default_rng(7)
    lons, lats = dice.random((2, many)) * SIDE
    return lons + WEST, lats + SOUTH


def _own(layout: AreaLayout) -> NDArray[np.object_]:
    codes = (code for code, area in layout.areas.items() if area.level == "unit_grid")
    shapes: NDArray[np.object_] = shapely.from_wkb([layout.shapes[code] for code in codes])
    return shapes


def _rate(number: int, work: Callable[[], Any], rounds: int = ROUNDS) -> float:
    work()  # the first call builds the indexes
    return number / min(_seconds(work) for _ in range(rounds))


def _seconds(work: Callable[[], Any]) -> float:
    began_at = timer.perf_counter()
    work()
    return timer.perf_counter() - began_at


@contextmanager
def _postgis() -> Iterator[Any]:
    """Yield a cursor of a temporary server with the extension, which uses one process per query."""
    import psycopg

    from cityloop.runtime.postgres import Cluster

    with tempfile.TemporaryDirectory(prefix="cityloop-bench-") as home:
        cluster = Cluster(Path(home), binaries=DEBIAN, settings={"max_parallel_workers_per_gather": "0"})
        with cluster.used(), psycopg.connect(cluster.url, autocommit=True) as connection, connection.cursor() as cursor:
            cursor.execute("CREATE EXTENSION postgis")
            yield cursor


def _fill(cursor: Any, layout: AreaLayout, lons: NDArray[np.float64], lats: NDArray[np.float64]) -> None:
    cursor.execute("CREATE TABLE areas (code text, shape geometry(Geometry, 4326))")
    with cursor.copy("COPY areas FROM STDIN") as copy:
        for code, area in layout.areas.items():
            if area.level == "unit_grid":
                shape = shapely.set_srid(shapely.from_wkb(layout.shapes[code]), 4326)
                copy.write_row((code, shapely.to_wkb(shape, hex=True, include_srid=True)))
    cursor.execute("CREATE TABLE places (place geometry(Point, 4326))")
    with cursor.copy("COPY places FROM STDIN") as copy:
        for point in shapely.to_wkb(shapely.set_srid(shapely.points(lons, lats), 4326), hex=True, include_srid=True):
            copy.write_row((point,))
    cursor.execute("CREATE INDEX ON areas USING gist (shape)")
    cursor.execute("ANALYZE areas, places")
