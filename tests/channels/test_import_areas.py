"""`cityloop import areas`: communities as given, districts made of them, and every oddity of the file told."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
import shapely
from click.testing import CliRunner, Result
from shapely.geometry import box, mapping

from cityloop.core.geo import Crs, from_wgs84
from cityloop.entry.command_line import main
from cityloop.registry.city import city, forget
from cityloop.registry.models import Area

MAPPING = "district: {code: D, name: DN}\ncommunity: {code: C, name: CN}\ncrs: wgs84\n"
BOW_TIE = {"type": "Polygon", "coordinates": [[[2, 0], [3, 1], [3, 0], [2, 1], [2, 0]]]}


def feature(code: Any, name: str | None, west: float, geometry: Any = None, district: str | None = "67") -> Any:
    said = {"D": district, "DN": "东区" if district else None, "C": code, "CN": name}
    shape = geometry if geometry is not None else mapping(box(west, 0, west + 1, 1))
    return {"type": "Feature", "properties": said, "geometry": shape}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def bring_in(features: list[Any], *options: str, words: str = MAPPING, file: str = "areas.geojson") -> Result:
    content = json.dumps({"type": "FeatureCollection", "features": features}).encode()
    Path(file).write_bytes(gzip.compress(content) if file.endswith(".gz") else content)
    Path("map.yaml").write_text(words, encoding="utf-8")
    result = CliRunner().invoke(main, ["import", "areas", file, "--mapping", "map.yaml", *options])
    forget()
    return result


def shape_of(code: str) -> Any:
    return shapely.from_wkb(bytes(Area.objects.get(code=code).shape))


@pytest.mark.parametrize("file", ["areas.geojson", "areas.geojson.gz"])
def test_communities_are_entered_and_their_districts_dissolved(db: None, file: str) -> None:
    result = bring_in([feature("671", "一里", 0), feature("672", "二里", 1)], file=file)
    assert (result.exit_code, result.stdout) == (0, "Districts 1, communities 2.\n")
    assert shape_of("67").equals(box(0, 0, 2, 1))
    assert city().areas_at(1.5, 0.5) == {"district": "67", "community": "672"}


def test_the_same_areas_again_change_their_names_and_add_none(db: None) -> None:
    bring_in([feature("671", "一里", 0)])
    bring_in([feature("671", "新里", 0)])
    assert Area.objects.count() == 2 and Area.objects.get(code="671").name == "新里"


def test_two_features_of_one_code_make_one_area(db: None) -> None:
    result = bring_in([feature("671", "一里", 0), feature("671", "一里", 5)])
    assert "communities 1" in result.stdout and result.stderr == ""
    assert shape_of("671").area == pytest.approx(2)


def test_a_polygon_that_crosses_itself_is_repaired(db: None) -> None:
    bring_in([feature("671", "一里", 0, BOW_TIE)])
    assert shape_of("671").is_valid and shape_of("671").area == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("odd", "told"),
    [
        (feature("", "无号", 3), "feature 2 67 东区 无号: was left out: its code (C) is empty"),
        (feature("673", "三里", 3, district=None), "was left out: the code of its district (D) is empty"),
        (feature("673", "三里", 3, {}), "was left out: it has no geometry that can be read"),
        (feature("673", "三里", 3, {"type": "Point", "coordinates": [3, 0]}), "was left out"),
        (feature("673", "三里", 3, mapping(box(250000, 2500000, 250010, 2500010))), "coordinates are no degrees"),
    ],
)
def test_a_feature_that_makes_no_area_is_left_out_and_named(db: None, odd: Any, told: str) -> None:
    result = bring_in([feature("671", "一里", 0), odd])
    assert result.exit_code == 0 and told in result.stderr
    assert set(Area.objects.values_list("code", flat=True)) == {"67", "671"}
    assert shape_of("67").equals(box(0, 0, 1, 1))


def test_an_area_without_a_name_is_called_by_its_code_so_that_places_in_it_are_found(db: None) -> None:
    result = bring_in([feature(671, None, 0)])
    assert "community 671: has no name: it is called by its code" in result.stderr
    assert city().areas["671"].name == "671" and city().areas_at(0.5, 0.5)["district"] == "67"


def test_a_second_name_and_a_second_district_of_a_code_are_told(db: None) -> None:
    result = bring_in([feature("671", "一里", 0), feature("671", "壹里", 1, district="68")])
    assert "community 671: is also named 壹里: 一里 stands" in result.stderr
    assert "community 671: also lies in district 68: 67 stands" in result.stderr


def test_districts_alone_are_the_smallest_areas(db: None) -> None:
    bring_in([feature("671", "一里", 0), feature("672", "二里", 1)], words="district: {code: D, name: DN}\n")
    assert Area.objects.get().level == "district" and city().areas_at(1.5, 0.5) == {"district": "67"}


def test_polygons_drawn_on_a_shifted_map_are_put_back(db: None) -> None:
    square = box(120, 23, 120.1, 23.1)
    shifted = [from_wgs84(lon, lat, Crs.GCJ02) for lon, lat in square.exterior.coords]
    geometry = {"type": "Polygon", "coordinates": [shifted]}
    bring_in([feature("671", "一里", 0, geometry)], words=MAPPING.replace("wgs84", "gcj02"))
    assert shape_of("671").normalize().equals_exact(square.normalize(), 1e-8)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (MAPPING.replace("code: C,", "code: CODE,"), "map.yaml:2 community.code: CODE is a property of no feature"),
        (MAPPING.replace("wgs84", "mars"), "map.yaml:3 crs"),
        (MAPPING.replace("code: C,", "code: D,"), "67: is the code of a district and of a community"),
        (MAPPING + "colour: red\n", "map.yaml:4 colour"),
    ],
)
def test_a_mapping_that_does_not_fit_changes_nothing(db: None, words: str, told: str) -> None:
    result = bring_in([feature("671", "一里", 0)], words=words)
    assert result.exit_code == 1 and told in result.stderr
    assert not Area.objects.exists()


@pytest.mark.parametrize("content", [b"{", b"[]", b'{"features": 3}', b"\x1f\x8bnot", b'{"features": []}'])
def test_a_file_without_features_is_refused(db: None, content: bytes) -> None:
    bring_in([])
    Path("areas.geojson").write_bytes(content)
    result = CliRunner().invoke(main, ["import", "areas", "areas.geojson", "--mapping", "map.yaml"])
    assert result.exit_code == 1 and "Nothing was changed." in result.stderr


def test_a_dry_run_enters_nothing(db: None) -> None:
    result = bring_in([feature("671", "一里", 0)], "--dry-run")
    assert result.stdout == "Dry run, nothing was entered. Districts 1, communities 1.\n"
    assert not Area.objects.exists()
