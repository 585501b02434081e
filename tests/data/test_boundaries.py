"""Real polygons as cities publish them: broken ones are repaired and reported, overlaps are measured."""

import gzip
import json
import os
import time
from datetime import date
from pathlib import Path

import numpy as np
import pytest
import shapely
from pyarrow import parquet
from pyogrio import raw
from shapely.geometry import shape

from cityloop.core.place.areas import AreaLayout, AreaLocator
from cityloop.core.place.geo import Crs, from_wgs84
from cityloop.core.place.where import better_reading, fitting, where
from cityloop.registry.areas.imports.boundaries import Boundaries, read_boundaries
from cityloop.registry.areas.imports.doubts import of_layout
from cityloop.registry.city.facts import AreaFacts

BESIDE = Path(__file__).resolve().parents[3] / "shared" / "data"
FOLDER = Path(os.environ.get("CITYLOOP_DATA") or BESIDE) / "boundaries"
VILLAGES = FOLDER / "tainan_villages.geojson.gz"
TAINAN = "district: {code: TOWNCODE, name: TOWNNAME}\ncommunity: {code: VILLCODE, name: VILLNAME}\n"

pytestmark = [
    pytest.mark.data,
    pytest.mark.weekly,
    pytest.mark.skipif(not VILLAGES.exists(), reason=f"no real data: CITYLOOP_DATA names no folder with {FOLDER.name}"),
]


def read(path: Path, words: str, folder: Path) -> Boundaries:
    mapping = folder / "map.yaml"
    mapping.write_text(words, encoding="utf-8")
    return read_boundaries(path, mapping)


def count(found: Boundaries, code: str) -> int:
    """Count the notices and doubts of a code, or of all codes that begin with it."""
    return sum(notice.code.startswith(code) for notice in (*found.notices, *found.doubts))


def features(path: Path) -> list[dict]:
    return json.loads(gzip.decompress(path.read_bytes()))["features"]


@pytest.mark.parametrize(
    ("name", "words", "areas"),
    [
        ("tainan_villages", TAINAN, 37 + 752),
        ("cn_provinces_datav", "district: {code: adcode, name: name}\n", 35),
        ("taiwan_counties", "district: {code: name, name: name}\n", 22),
        ("us_ca_chicago", "district: {code: name, name: name}\n", 98),
        ("us_ca_kansas-city", "district: {code: name, name: name}\n", 145),
        ("shenzhen_districts", "district: {code: qh, name: qh}\n", 10),
    ],
)
def test_every_broken_polygon_is_repaired_and_reported(tmp_path: Path, name: str, words: str, areas: int) -> None:
    path = FOLDER / f"{name}.geojson.gz"
    invalid = sum(not shape(feature["geometry"]).is_valid for feature in features(path))
    found = read(path, words, tmp_path)
    assert len(found.areas) == areas
    assert count(found, "polygon-repaired") == invalid and count(found, "left-out") == 0
    assert all(shapely.from_wkb(area.shape).is_valid for area in found.areas)


def test_the_villages_of_tainan_overlap_by_slivers_alone_and_are_checked_in_seconds(tmp_path: Path) -> None:
    began = time.monotonic()
    found = read(VILLAGES, TAINAN, tmp_path)
    assert time.monotonic() - began < 30
    assert count(found, "area-overlaps") > 100 and count(found, "area-gap") + count(found, "area-uncovered") > 100
    fine = read(VILLAGES, f"{TAINAN}tolerance_square_metres: 5000\n", tmp_path)
    assert count(fine, "area-overlaps") == 0


def test_the_townships_of_fuzhou_overlap_where_two_sources_disagree(tmp_path: Path) -> None:
    words = "district: {code: county, name: county}\ncommunity: {code: name, name: name}\n"
    found = read(FOLDER / "fujian_townships_from_kml.geojson.gz", words, tmp_path)
    largest = next(doubt for doubt in found.doubts if doubt.code == "area-overlaps")
    this, other = (next(a for a in found.areas if a.code == code) for code in ("仓山镇", "对湖街道"))
    common = shapely.intersection(shapely.from_wkb(this.shape), shapely.from_wkb(other.shape))
    square_metres = common.area * 111_320 * 110_780 * np.cos(np.radians(26.04))  # a degree there, by hand
    assert largest.field == "community 仓山镇" and "对湖街道" in str(largest.values["other"])
    measured = int(str(largest.values["size"]).replace(",", ""))
    assert measured == pytest.approx(square_metres, rel=0.01)


def test_villages_are_the_same_from_a_shapefile_of_gb18030_in_bd09_as_from_their_geojson(tmp_path: Path) -> None:
    columns = {"TOWNCODE": "", "TOWNNAME": "", "VILLCODE": "", "VILLNAME": ""}
    villages = [feature for feature in features(VILLAGES) if feature["properties"]["TOWNCODE"] == "67000150"]
    drawn = [
        shapely.transform(
            shape(village["geometry"]),
            lambda pairs: np.array([from_wgs84(*pair, Crs.BD09) for pair in pairs.tolist()]),
        )
        for village in villages
    ]
    values = [np.array([v["properties"][name] for v in villages], dtype=object) for name in columns]
    path = tmp_path / "villages.shp"
    raw.write(
        path, shapely.to_wkb(drawn), values, list(columns), geometry_type="Polygon", crs="EPSG:4326", encoding="GB18030"
    )
    path.with_suffix(".cpg").unlink()
    found = {area.code: area for area in read(path, f"{TAINAN}crs: bd09\n", tmp_path).areas}
    whole = {area.code: area for area in read(VILLAGES, TAINAN, tmp_path).areas}
    assert len(found) == len(villages) + 1
    for code, area in found.items():
        assert area.name == whole[code].name
        assert shapely.hausdorff_distance(shapely.from_wkb(area.shape), shapely.from_wkb(whole[code].shape)) < 1e-8


def test_the_townships_of_fuzhou_are_streets_of_their_counties(tmp_path: Path) -> None:
    words = "district: {code: county, name: county}\nstreet: {code: name, name: name}\n"
    found = read(FOLDER / "fujian_townships_from_kml.geojson.gz", words, tmp_path)
    streets = [area for area in found.areas if area.level == "street"]
    assert len(streets) == 90 and {area.parent for area in streets} == {
        area.code for area in found.areas if area.level == "district"
    }


def layout_of(found: Boundaries) -> AreaLayout:
    areas = {area.code: AreaFacts(area.code, area.name, area.level, area.parent) for area in found.areas}
    return AreaLocator(areas, {area.code: area.shape for area in found.areas}).on(date(2016, 6, 1))


@pytest.mark.parametrize("crs", [Crs.WGS84, Crs.BD09])
def test_the_districts_named_in_reports_of_tainan_reveal_the_system_of_their_points(tmp_path: Path, crs: Crs) -> None:
    found = read(VILLAGES, TAINAN, tmp_path)
    layout, codes = layout_of(found), {area.name: area.code for area in found.areas if area.level == "district"}
    table = parquet.read_table(FOLDER.parent / "tainan1999_2016H1.parquet", columns=["long", "lat", "area"])
    rows = [
        (float(lon), float(lat), name)
        for lon, lat, name in zip(*table.to_pydict().values(), strict=True)
        if lon and lat
    ]
    named = [frozenset({codes[name]} if name in codes else ()) for *_, name in rows]
    drawn = np.array([from_wgs84(lon, lat, crs) for lon, lat, _ in rows]).T
    fits = fitting(layout, *drawn, named)
    assert fits[crs] > 0.9 * len(rows)
    assert better_reading(fits, fits[Crs.WGS84], len(rows)) is (None if crs is Crs.WGS84 else crs)


def test_places_in_the_villages_of_tainan_are_located_singly_as_in_bulk(tmp_path: Path) -> None:
    layout = layout_of(read(VILLAGES, TAINAN, tmp_path))
    dice = np.random.default_rng(5)
    lons, lats = dice.random((2, 500)) * ((0.6,), (0.5,)) + ((120.05,), (22.9,))
    many = layout.locate_many(lons, lats)
    for number, place in enumerate(zip(lons.tolist(), lats.tolist(), strict=True)):
        found = where(layout, *place)
        assert found.lineage == {level: many[level][number] for level in many if many[level][number]}
        assert found.is_inside or found.nearest is not None


def test_the_doubts_of_a_whole_city_are_found_in_seconds(tmp_path: Path) -> None:
    layout = layout_of(read(VILLAGES, TAINAN, tmp_path))
    began = time.monotonic()
    kinds = {doubt.kind for doubt in of_layout(layout, "community")}
    assert "overlap" in kinds and time.monotonic() - began < 30
    began = time.monotonic()
    assert of_layout(layout, "community") and time.monotonic() - began < 0.1
