"""`cityloop import places`: streets, plates, estates and observed addresses from tables and geographic files."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cityloop.entry.command_line import main
from cityloop.registry.gazetteer.finding import place_of
from cityloop.registry.models import ChangeSet, Place
from example import SmallCity

PLATES = """
kind: plate
fields:
  street: {column: 街道}
  number: {column: 门牌}
  lon: {column: 经度}
  lat: {column: 纬度}
"""
STREETS = "kind: street\nfields: {name: {column: name}, aliases: {column: old}}\n"
SEEN = "fields: {address: {column: where}, lon: {column: x}, lat: {column: y}}\n"
HEADING = "街道,门牌,经度,纬度\n"
GOOD = f"{HEADING}福华路,１０号,120.05,23.05\n福华路,12-3,120.051,23.05\n阳光小区,3栋,120.06,23.05\n"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def bring_in(content: str, mapping: str, *options: str, name: str = "in.csv") -> Result:
    Path(name).write_text(content, encoding="utf-8")
    Path("map.yaml").write_text(mapping, encoding="utf-8")
    return CliRunner().invoke(main, ["import", "places", name, "--mapping", "map.yaml", *options])


def lines(*features: tuple[str | None, list[list[float]]]) -> str:
    return json.dumps(
        {
            "type": "FeatureCollection",
            "features": [
                {
                    "type": "Feature",
                    "properties": {"name": name, "old": "老福路、旧路" if name == "福华路" else None},
                    "geometry": {"type": "LineString", "coordinates": points},
                }
                for name, points in features
            ],
        }
    )


def test_plates_of_a_table_are_found_and_a_second_time_changes_nothing(city: SmallCity) -> None:
    result = bring_in(GOOD, PLATES)
    assert result.exit_code == 0, result.output
    assert "places created 3, changed 0, unchanged 0" in result.stdout
    assert "unchanged 3" in bring_in(GOOD, PLATES).stdout
    assert [place_of(words).place is not None for words in ("福华路10号", "福华路12号之3", "阳光小区3号楼")] == [
        True
    ] * 3
    assert ChangeSet.objects.filter(what="PlacesSet").count() == 1


def test_rows_that_cannot_be_read_are_returned_and_the_others_stay(city: SmallCity) -> None:
    bad = "福华路,x,120.05,23.05\n福华路,9,23.05,120.05\n,8,120.05,23.05\n福华路,7,,\n"
    result = bring_in(GOOD + bad, PLATES)
    assert "rejected 4" in result.stdout
    rejects = Path("in.rejects.csv").read_text(encoding="utf-8-sig")
    for reason in (
        "x is not a house number",
        "look exchanged",
        "street (街道),This must be filled in.",
        "lon (经度); lat (纬度),This must be filled in.",
    ):
        assert reason in rejects
    assert Place.objects.count() == 3


def test_a_dry_run_changes_nothing(city: SmallCity) -> None:
    result = bring_in(GOOD, PLATES, "--dry-run")
    assert "Dry run, nothing was changed. 3 rows" in result.stdout
    assert not Place.objects.exists()


def test_the_pieces_of_a_street_are_one_street_and_those_without_a_name_are_left_out(city: SmallCity) -> None:
    pieces = (
        ("福华路", [[120.05, 23.05], [120.055, 23.05]]),
        ("福华路", [[120.055, 23.05], [120.06, 23.05]]),
        (None, [[120.0, 23.0], [120.1, 23.1]]),
        ("['民田路', '福华路']", [[120.055, 23.04], [120.055, 23.06]]),
    )
    result = bring_in(lines(*pieces), STREETS, name="in.geojson")
    assert result.exit_code == 0, result.output
    assert "read 3, without a name 1, rejected 0; places created 2" in result.stdout
    found = place_of("旧路与民田路口").place
    assert found and (found.lon, found.lat) == (pytest.approx(120.055), pytest.approx(23.05))


def test_metres_of_a_projection_are_turned_into_degrees(city: SmallCity) -> None:
    rows = f"{HEADING}福华路,10,300000,2550000\n"
    result = bring_in(rows, PLATES + "crs: EPSG:4549\n")
    assert result.exit_code == 0, result.output
    place = Place.objects.get()
    assert 117 < place.lon < 121 and 22.5 < place.lat < 23.5


def test_addresses_with_their_points_teach_streets_lanes_and_numbers(city: SmallCity) -> None:
    rows = (
        "where,x,y\n北區福華路3巷8號,120.05,23.05\n福华路3巷8号,120.0501,23.05\n"
        "南区福华路9号,120.05,23.05\n谁知道,120.05,23.05\n"
    )
    result = bring_in(rows, SEEN)
    assert "read 2, without a name 0, rejected 2" in result.stdout
    assert Place.objects.get(kind="plate").seen == 2
    assert set(Place.objects.values_list("kind", flat=True)) == {"plate", "lane", "street"}
    assert bring_in(rows, SEEN).stdout.count("created 0") == 1


@pytest.mark.parametrize(
    ("mapping", "sentence"),
    [
        (
            "fields: {name: {column: 街道}, lon: {column: 经度}, lat: {column: 纬度}}\n",
            "Say with kind what the names are",
        ),
        ("kind: poi\nfields: {name: {column: 街道}}\n", "lon is missing"),
        ("kind: poi\nfields: {lon: {column: 经度}, lat: {column: 纬度}}\n", "Give name, or street"),
        (PLATES + "crs: mars\n", "mars"),
    ],
)
def test_a_wrong_mapping_is_refused(city: SmallCity, mapping: str, sentence: str) -> None:
    result = bring_in(GOOD, mapping)
    assert result.exit_code == 1
    assert sentence in result.output
