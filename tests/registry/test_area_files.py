"""Files of areas are read as people have them: Shapefiles zipped or not, GeoPackages, KML, any system and encoding."""

import gzip
import json
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from pyogrio import raw
from pyproj import Transformer
from shapely.geometry import box
from shapely.geometry.base import BaseGeometry

from cityloop.core.errors import Invalid
from cityloop.core.place.geo import Crs, from_wgs84, many_to_wgs84, to_wgs84
from cityloop.registry.areas.imports.boundaries import Boundaries, read_boundaries

PLACES = [box(119.30, 26.00, 119.31, 26.01), box(119.31, 26.00, 119.32, 26.01)]
MAPPING = "district: {code: D, name: DN}\ncommunity: {code: C, name: 名称}\n"
COLUMNS = {
    "D": ["350102", "350102"],
    "DN": ["鼓楼区", "鼓楼区"],
    "C": ["350102001001", "350102001002"],
    "名称": ["一里", "二里"],
}
KML = """<?xml version="1.0" encoding="UTF-8"?>
<kml xmlns="http://www.opengis.net/kml/2.2"><Document>{folders}</Document></kml>"""
FOLDER = """<Folder><name>{name}</name><Placemark><name>{name}</name><ExtendedData>
<Data name="D"><value>350102</value></Data><Data name="DN"><value>鼓楼区</value></Data>
<Data name="C"><value>{code}</value></Data></ExtendedData><Polygon><outerBoundaryIs><LinearRing>
<coordinates>{corners}</coordinates></LinearRing></outerBoundaryIs></Polygon></Placemark></Folder>"""


def written(path: Path, crs: str | None = "EPSG:4326", shapes: Any = None, **options: Any) -> Path:
    """Write the two communities, given in WGS-84, into a file in `crs`."""
    drawn = np.array(PLACES if shapes is None else shapes, dtype=object)
    if crs and shapes is None:
        change = Transformer.from_crs("EPSG:4326", crs, always_xy=True)
        drawn = shapely.transform(drawn, lambda pairs: np.column_stack(change.transform(*pairs.T)))
    columns = [np.array(column, dtype=object) for column in COLUMNS.values()]
    raw.write(path, shapely.to_wkb(drawn), columns, list(COLUMNS), geometry_type="Polygon", crs=crs, **options)
    return path


def read(path: Path, words: str = "") -> Boundaries:
    mapping = path.with_name("map.yaml")
    mapping.write_text(MAPPING + words, encoding="utf-8")
    return read_boundaries(path, mapping)


def check(found: Boundaries, metres: float = 0.1) -> None:
    """The two communities are there, by their names and in their places."""
    areas = [area for area in found.areas if area.level == "community"]
    assert [(area.code, area.name) for area in areas] == list(zip(COLUMNS["C"], COLUMNS["名称"], strict=True))
    for area, place in zip(areas, PLACES, strict=True):
        assert shapely.hausdorff_distance(shapely.from_wkb(area.shape), place) * 111_000 < metres


@pytest.mark.parametrize("crs", ["EPSG:4326", "EPSG:4490", "EPSG:4548", "EPSG:3857"])
@pytest.mark.parametrize("file", ["areas.shp", "areas.gpkg"])
def test_a_file_in_its_own_system_is_read_where_it_lies(tmp_path: Path, file: str, crs: str) -> None:
    found = read(written(tmp_path / file, crs, encoding="UTF-8" if file.endswith("shp") else None))
    check(found)
    assert found.notices == () and found.doubts == ()


@pytest.mark.parametrize("words", ["crs: EPSG:4548\n", "crs: 4548\n"])
def test_a_shapefile_without_a_system_is_refused_until_the_mapping_names_one(tmp_path: Path, words: str) -> None:
    path = written(tmp_path / "areas.shp", "EPSG:4548", encoding="UTF-8")
    path.with_suffix(".prj").unlink()
    with pytest.raises(Invalid, match="names no coordinate system"):
        read(path)
    check(read(path, words))


@pytest.mark.parametrize("crs", [Crs.GCJ02, Crs.BD09])
def test_a_shapefile_drawn_on_a_shifted_map_is_put_back(tmp_path: Path, crs: Crs) -> None:
    drawn = [shapely.Polygon([from_wgs84(lon, lat, crs) for lon, lat in p.exterior.coords]) for p in PLACES]
    check(read(written(tmp_path / "areas.shp", shapes=drawn, encoding="UTF-8"), f"crs: {crs.value}\n"))


def test_a_mapping_that_contradicts_the_file_is_followed_and_noted(tmp_path: Path) -> None:
    found = read(written(tmp_path / "areas.gpkg", "EPSG:4548"), "crs: EPSG:4547\n")
    (notice,) = (notice for notice in found.notices if notice.code == "layer-of-other-system")
    assert str(notice.values["own"]).startswith("EPSG:4548") and str(notice.values["named"]).startswith("EPSG:4547")


def test_a_system_of_an_old_datum_is_noted_as_coarse(tmp_path: Path) -> None:
    path = written(tmp_path / "areas.gpkg", "EPSG:2436")
    (notice,) = read(path).notices
    assert notice.code == "coarse-conversion-unknown" and "Beijing 1954" in str(notice.values["system"])


@pytest.mark.parametrize("encoding", ["GB18030", "UTF-8"])
@pytest.mark.parametrize("named_by", ["cpg", "nobody", "mapping"])
def test_a_dbf_is_read_in_its_encoding(tmp_path: Path, encoding: str, named_by: str) -> None:
    path = written(tmp_path / "areas.shp", encoding=encoding)
    if named_by != "cpg":
        path.with_suffix(".cpg").unlink()
    check(read(path, f"encoding: {encoding}\n" if named_by == "mapping" else ""))


@pytest.mark.parametrize("word", ["936", "CP936", "GBK", "GB2312"])
def test_a_dbf_of_chinese_windows_is_read_by_the_word_of_its_cpg(tmp_path: Path, word: str) -> None:
    path = written(tmp_path / "areas.shp", encoding="GB18030")
    path.with_suffix(".cpg").write_text(f"{word}\n")
    check(read(path))


def test_text_that_can_be_read_in_both_encodings_is_read_as_utf8(tmp_path: Path) -> None:
    columns = [np.array([word, word], dtype=object) for word in ("350102", "鼓楼")]
    path, mapping = tmp_path / "areas.shp", tmp_path / "map.yaml"
    shapes = shapely.to_wkb(np.array(PLACES, dtype=object))
    raw.write(path, shapes, columns, ["D", "DN"], geometry_type="Polygon", crs="EPSG:4326", encoding="UTF-8")
    path.with_suffix(".cpg").unlink()
    mapping.write_text("district: {code: D, name: DN}\nparts: join\n")
    assert "鼓楼".encode().decode("gb18030") != "鼓楼"
    assert [area.name for area in read_boundaries(path, mapping).areas] == ["鼓楼"]


def test_a_dbf_that_is_not_in_the_encoding_named_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path / "areas.shp", encoding="GB18030")
    with pytest.raises(Invalid, match="is not in utf-8"):
        read(path, "encoding: utf-8\n")


@pytest.mark.parametrize(("stem", "loud"), [("福州/社区", False), ("社区", True)])
def test_a_zipped_shapefile_is_read_whatever_its_names(tmp_path: Path, stem: str, loud: bool) -> None:
    parts = written(tmp_path / "areas.shp", encoding="GB18030").parent.glob("areas.*")
    packed = tmp_path / "packed.zip"
    with zipfile.ZipFile(packed, "w") as into:
        for part in parts:
            into.write(part, stem + (part.suffix.upper() if loud else part.suffix))
        into.writestr("说明.txt", "read me")
    check(read(packed))


@pytest.mark.parametrize(
    ("entries", "sentence"), [((), "It has: none"), (("a.shp", "b.shp"), "It has: a.shp, b.shp"), (None, "not a zip")]
)
def test_a_zip_without_a_single_layer_is_refused(tmp_path: Path, entries: Any, sentence: str) -> None:
    packed = tmp_path / "areas.zip"
    if entries is None:
        packed.write_bytes(b"PK\x03\x04broken")
    else:
        with zipfile.ZipFile(packed, "w") as into:
            for entry in ("readme.txt", *entries):
                into.writestr(entry, "")
    with pytest.raises(Invalid, match=sentence):
        read(packed)


def test_a_geopackage_of_several_layers_asks_which(tmp_path: Path) -> None:
    path = written(tmp_path / "areas.gpkg", layer="旧")
    written(path, layer="新", append=True)
    with pytest.raises(Invalid, match="Name one in the mapping: 旧, 新"):
        read(path)
    check(read(path, "layer: 新\n"))
    with pytest.raises(Invalid, match="cannot be read"):
        read(path, "layer: 别\n")


def corners(place: BaseGeometry) -> str:
    return " ".join(f"{lon},{lat},0" for lon, lat in shapely.get_coordinates(place).tolist())


def test_all_folders_of_a_kml_are_read(tmp_path: Path) -> None:
    path = tmp_path / "areas.kml"
    named = zip(COLUMNS["名称"], COLUMNS["C"], PLACES, strict=True)
    folders = "".join(FOLDER.format(name=name, code=code, corners=corners(place)) for name, code, place in named)
    path.write_text(KML.format(folders=folders), encoding="utf-8")
    mapping = tmp_path / "map.yaml"
    mapping.write_text(MAPPING.replace("名称", "Name"), encoding="utf-8")
    check(read_boundaries(path, mapping))


def test_an_old_geojson_names_its_system(tmp_path: Path) -> None:
    change = Transformer.from_crs("EPSG:4326", "EPSG:4548", always_xy=True)
    features = []
    for number, place in enumerate(PLACES):
        drawn = shapely.transform(place, lambda pairs: np.column_stack(change.transform(*pairs.T)))
        properties = {name: column[number] for name, column in COLUMNS.items()}
        features.append(
            {"type": "Feature", "properties": properties, "geometry": json.loads(shapely.to_geojson(drawn))}
        )
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::4548"}}
    path = tmp_path / "areas.geojson.gz"
    path.write_bytes(
        gzip.compress(json.dumps({"type": "FeatureCollection", "crs": crs, "features": features}).encode())
    )
    check(read(path))


@pytest.mark.parametrize("file", ["areas.shp", "areas.gpkg", "areas.kml"])
def test_a_file_that_is_not_what_its_name_says_is_refused(tmp_path: Path, file: str) -> None:
    path = tmp_path / file
    path.write_bytes(b"nothing of the kind")
    with pytest.raises(Invalid, match="cannot be read"):
        read(path)


@pytest.mark.parametrize("crs", list(Crs))
def test_many_points_are_put_back_as_one_is(crs: Crs) -> None:
    pairs = np.random.default_rng(4).uniform((70, -5), (140, 60), (500, 2))  # within the box around China and beside it
    alone = np.array([to_wgs84(lon, lat, crs) for lon, lat in pairs.tolist()])
    assert np.abs(many_to_wgs84(pairs, crs) - alone).max() < 1e-9


def test_what_serves_the_web_loads_neither_gdal_nor_proj() -> None:
    code = (
        "import django, sys; django.setup();"
        "import cityloop.entry.server.application, cityloop.entry.server.urls;"
        "import cityloop.registry.areas.imports.boundaries;"
        "sys.exit(any(name in sys.modules for name in ('pyogrio', 'pyproj')))"
    )
    environ = {
        "DJANGO_SETTINGS_MODULE": "cityloop.runtime.settings",
        "CITYLOOP_DATABASE_URL": "postgresql://no@127.0.0.1:1/no",
    }
    assert subprocess.run([sys.executable, "-c", code], env=environ, check=False).returncode == 0
