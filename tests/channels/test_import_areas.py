"""`cityloop import areas`: communities as given, districts made of them, and every oddity of the file is reported."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
import shapely
from click.testing import CliRunner, Result
from shapely.geometry import box, mapping

from cityloop.core.place.geo import Crs, from_wgs84
from cityloop.entry.command_line import main
from cityloop.registry.city.current import current_city, forget
from cityloop.registry.models import Area

MAPPING = "district: {code: D, name: DN}\ncommunity: {code: C, name: CN}\ncrs: wgs84\n"
JOIN = "parts: join\n"
BOW_TIE = {"type": "Polygon", "coordinates": [[[2, 0], [3, 1], [3, 0], [2, 1], [2, 0]]]}


def feature(code: Any, name: str | None, west: float, geometry: Any = None, district: str | None = "67") -> Any:
    properties = {"D": district, "DN": "东区" if district else None, "C": code, "CN": name}
    shape = geometry if geometry is not None else mapping(box(west, 0, west + 1, 1))
    return {"type": "Feature", "properties": properties, "geometry": shape}


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
    assert current_city().areas_at(1.5, 0.5) == {"district": "67", "community": "672"}


def test_the_same_areas_again_change_their_names_and_add_none(db: None) -> None:
    bring_in([feature("671", "一里", 0)])
    bring_in([feature("671", "新里", 0)])
    assert Area.objects.count() == 2 and Area.objects.get(code="671").name == "新里"


def test_a_code_of_several_features_is_refused_with_their_numbers(db: None) -> None:
    result = bring_in([feature("671", "一里", 0), feature("672", "二里", 1), feature("671", "一里", 5)])
    assert result.exit_code == 1 and "671: The features 1, 3 have this code. If they are parts" in result.stderr
    assert not Area.objects.exists()


def test_features_of_one_code_make_one_area_where_the_mapping_says_so(db: None) -> None:
    result = bring_in([feature("671", "一里", 0), feature("671", "一里", 5)], words=MAPPING + JOIN)
    assert "communities 1" in result.stdout
    assert shape_of("671").area == pytest.approx(2)


def test_a_polygon_that_crosses_itself_is_repaired(db: None) -> None:
    result = bring_in([feature("671", "一里", 0, BOW_TIE)])
    # The two triangles wind against each other: before the repair their areas cancel out.
    assert "feature 1 67 东区 671 一里: It was repaired (Self-intersection[2.5 0.5]): 0 m² before" in result.stderr
    assert shape_of("671").is_valid and shape_of("671").area == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("odd", "message"),
    [
        (feature("", "无号", 3), "feature 2 67 东区 无号: It was left out: its code (C) is empty"),
        (feature("67\x003", "三里", 3), "was left out: a code cannot contain U+0000."),
        (feature("../../x", "三里", 3), "was left out: a code cannot contain /."),
        (feature("..", "三里", 3), "was left out: a code cannot contain .."),
        (feature("6" * 500, "三里", 3), "was left out: a code has at most 64 characters, this has 500."),
        (feature("673", "三里", 3, district=None), "was left out: the code of its district (D) is empty"),
        (feature("673", "三里", 3, {}), "was left out: it has no geometry that can be read"),
        (feature("673", "三里", 3, {"type": "Point", "coordinates": [3, 0]}), "was left out"),
        (feature("673", "三里", 3, mapping(box(179, 0, 181, 1))), "was left out: it crosses the antimeridian"),
        (feature("673", "三里", 3, mapping(box(-179, 0, 179, 1))), "was left out: it crosses the antimeridian"),
        (feature("673", "三里", 3, {"type": "Polygon", "coordinates": []}), "was left out: its geometry is empty"),
        (feature("673", "三里", 3, mapping(box(250000, 2500000, 250010, 2500010))), "coordinates are not degrees"),
    ],
)
def test_a_feature_that_makes_no_area_is_left_out_and_reported(db: None, odd: Any, message: str) -> None:
    result = bring_in([feature("671", "一里", 0), odd])
    assert result.exit_code == 0 and message in result.stderr
    assert set(Area.objects.values_list("code", flat=True)) == {"67", "671"}
    assert shape_of("67").equals(box(0, 0, 1, 1))


def test_an_area_without_a_name_is_named_by_its_code_so_that_places_in_it_are_found(db: None) -> None:
    result = bring_in([feature(671, None, 0)])
    assert "community 671: It has no name. Its code is used as its name." in result.stderr
    assert current_city().areas["671"].name == "671" and current_city().areas_at(0.5, 0.5)["district"] == "67"


def test_a_second_name_and_a_second_district_of_a_code_are_reported(db: None) -> None:
    result = bring_in([feature("671", "一里", 0), feature("671", "壹里", 1, district="68")], words=MAPPING + JOIN)
    assert "community 671: It is also named 壹里. 一里 is kept." in result.stderr
    assert "community 671: It is also in the district 68. 67 is kept." in result.stderr


def test_districts_alone_are_the_smallest_areas(db: None) -> None:
    bring_in([feature("671", "一里", 0), feature("672", "二里", 1)], words="district: {code: D, name: DN}\n" + JOIN)
    assert Area.objects.get().level == "district" and current_city().areas_at(1.5, 0.5) == {"district": "67"}


def test_polygons_drawn_on_a_shifted_map_are_corrected(db: None) -> None:
    square = box(120, 28, 120.1, 28.1)
    shifted = [from_wgs84(lon, lat, Crs.GCJ02) for lon, lat in square.exterior.coords]
    geometry = {"type": "Polygon", "coordinates": [shifted]}
    bring_in([feature("671", "一里", 0, geometry)], words=MAPPING.replace("wgs84", "gcj02"))
    assert shape_of("671").normalize().equals_exact(square.normalize(), 1e-8)


def test_areas_near_the_edge_of_the_mainland_are_told_as_doubtful(db: None) -> None:
    inland, edge = (
        [feature(f"67{number}", "一里", 0, box(lon, lat, lon + 0.01, lat + 0.01).__geo_interface__)]
        for number, (lon, lat) in enumerate([(112.0, 28.0), (114.1, 22.53)])
    )
    sentence = "areas lie so near the edge of the mainland"
    words = MAPPING.replace("wgs84", "gcj02")
    assert sentence not in bring_in(inland, words=words).output
    assert f"1 {sentence}" in bring_in(edge, words=words).output
    assert sentence not in bring_in(edge).output


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (MAPPING.replace("code: C,", "code: CODE,"), "map.yaml:2 community.code: No feature has the property CODE."),
        (MAPPING.replace("wgs84", "mars"), "map.yaml:3 crs"),
        (MAPPING.replace("code: C,", "code: D,"), "67: This is the code of a district and of a community"),
        (MAPPING + "colour: red\n", "map.yaml:4 colour"),
        (MAPPING + "encoding: klingon\n", "map.yaml:4 encoding"),
        (MAPPING + "parts: guess\n", "map.yaml:4 parts"),
        (MAPPING + "tolerance_square_metres: -1\n", "map.yaml:4 tolerance_square_metres"),
    ],
)
def test_a_mapping_that_does_not_fit_changes_nothing(db: None, words: str, message: str) -> None:
    result = bring_in([feature("671", "一里", 0)], words=words)
    assert result.exit_code == 1 and message in result.stderr
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


def test_overlaps_and_gaps_are_reported_in_a_dry_run_and_in_a_real_one_and_stop_neither(db: None) -> None:
    ring = mapping(box(0, 0, 3, 3).difference(box(1, 1, 2, 2)))
    areas = [feature("671", "一里", 0, ring), feature("672", "二里", 0, mapping(box(2.5, 0, 4, 3)))]
    tried, done = bring_in(areas, "--dry-run"), bring_in(areas)
    assert tried.stderr == done.stderr and done.exit_code == 0
    assert "community 671 一里: It overlaps 672 二里 by 18," in done.stderr
    assert "lie in no community. Around it: 671 一里" in done.stderr and "1 gap of 12,3" in done.stderr
    assert Area.objects.count() == 3


def test_a_strict_mapping_refuses_what_is_in_doubt(db: None) -> None:
    areas = [feature("671", "一里", 0), feature("672", "二里", 0.5)]
    result = bring_in(areas, words=MAPPING + "strict: true\n")
    assert result.exit_code == 1 and "overlaps 672 二里" in result.stderr and not Area.objects.exists()
    assert bring_in(areas[:1], words=MAPPING + "strict: true\n").exit_code == 0


def test_small_overlaps_are_left_to_the_tolerance_of_the_mapping(db: None) -> None:
    areas = [feature("671", "一里", 0), feature("672", "二里", 0.5)]
    assert "overlaps" in bring_in(areas).stderr
    assert "overlap" not in bring_in(areas, words=MAPPING + "tolerance_square_metres: 1.0e+11\n").stderr


def squares(crs: Crs) -> list[Any]:
    """Three communities of Fuzhou as somebody draws them on a map of `crs`."""
    drawn = []
    for number, west in enumerate((119.30, 119.31, 119.32), start=1):
        corners = [from_wgs84(lon, lat, crs) for lon, lat in box(west, 26.0, west + 0.01, 26.01).exterior.coords]
        geometry = {"type": "Polygon", "coordinates": [corners]}
        drawn.append(feature(f"35010200100{number}", f"{number}里", 0, geometry, district="350102"))
    return drawn


@pytest.mark.parametrize(("crs", "name"), [(Crs.GCJ02, "GCJ-02"), (Crs.BD09, "BD-09")])
def test_a_layer_in_another_system_than_the_mapping_says_is_suspected(db: None, crs: Crs, name: str) -> None:
    assert "shifted" not in bring_in(squares(Crs.WGS84)).stderr
    messages = bring_in(squares(crs), "--dry-run").stderr
    assert "the whole layer: It lies " in messages and "of the 3 areas of the same codes already known" in messages
    assert f"this file seems to be drawn in {name} and read as another system" in messages
    right = bring_in(squares(crs), "--dry-run", words=MAPPING.replace("wgs84", crs.value))
    assert right.stderr == ""


def test_known_areas_that_were_drawn_in_another_system_are_suspected_too(db: None) -> None:
    bring_in(squares(Crs.GCJ02))
    assert "the known areas seem to be drawn in GCJ-02" in bring_in(squares(Crs.WGS84)).stderr


def test_exchanged_longitudes_and_latitudes_are_refused_in_one_sentence(db: None) -> None:
    turned = feature("350102001001", "一里", 0, mapping(box(26.0, 119.3, 26.01, 119.31)), district="350102")
    result = bring_in([turned])
    assert result.exit_code == 1 and "The longitudes and latitudes of the file are exchanged." in result.stderr


@pytest.mark.parametrize(
    ("code", "district", "message"),
    [
        ("350102001001", "350103", "It lies in 350103, but its code begins with 350102"),
        ("350102001", "350102", "Its code has 9 digits, as the code of a street has."),
        ("350102001001005", "350102", "Its code has 15 digits, as the code of a unit grid has."),
        ("671", "350102", "1 community code without the national form taken as given, such as 671."),
    ],
)
def test_codes_are_compared_with_their_level_and_parent(db: None, code: str, district: str, message: str) -> None:
    result = bring_in([feature(code, "一里", 119, district=district)])
    assert result.exit_code == 0 and message in result.stderr and Area.objects.filter(code=code).exists()


def test_codes_of_the_national_form_cause_no_messages(db: None) -> None:
    assert bring_in([feature("350102001001", "一里", 119, district="350102")]).stderr == ""
