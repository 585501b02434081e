"""`cityloop import facilities`: a census is imported, oddities are reported, and it is undone as one change."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest
import shapely
import xlsxwriter
from click.testing import CliRunner, Result

from channels import census
from cityloop.core.place.geo import Crs, from_wgs84
from cityloop.entry.command_line import main
from cityloop.registry.history import changes
from cityloop.registry.models import ChangeSet, Facility
from example import NOW, SmallCity

GOOD = {
    "GLBJBSM": "67100101001000001",
    "GLBJMC": "供水井盖",
    "YHDWMC": "市政养护处",
    "GLBJZT": "破损",
    "CSRQ": "20200102",
    "经度": "120.05",
    "纬度": "23.05",
}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(file: str, *options: str) -> Result:
    return CliRunner().invoke(main, ["import", "facilities", file, *options])


def bring_in(*rows: dict[str, str], mapping: str = "", options: tuple[str, ...] = ()) -> Result:
    with Path("in.csv").open("w", encoding="utf-8", newline="") as file:
        paper = csv.DictWriter(file, list(dict.fromkeys(name for row in rows for name in row)), restval="")
        paper.writeheader()
        paper.writerows(rows)
    if mapping:
        Path("map.yaml").write_text(mapping, encoding="utf-8")
        options = (*options, "--mapping", "map.yaml")
    return run("in.csv", *options)


def projected() -> tuple[float, float]:
    """Return the place of GOOD in metres of EPSG:4549."""
    from pyproj import Transformer

    x, y = Transformer.from_crs(4326, 4549, always_xy=True).transform(120.05, 23.05)
    return round(x, 3), round(y, 3)


def rejected(file: str = "in.rejects.csv") -> list[dict[str, str]]:
    with Path(file).open(encoding="utf-8-sig", newline="") as opened:
        return list(csv.DictReader(opened))


def test_a_table_with_the_columns_of_the_standard_needs_no_mapping(city: SmallCity) -> None:
    result = bring_in(GOOD)
    assert (result.exit_code, result.stderr) == (0, "")
    assert "1 rows: created 1, changed 0, unchanged 0, rejected 0." in result.stdout
    facility = Facility.objects.get()
    assert (facility.code, facility.category, facility.catalogue, facility.name) == (
        "67100101001000001", "01001", "GB/T 47678.5-2026", "供水井盖",
    )  # fmt: skip
    assert (facility.maintainer, facility.maintainer_name, facility.state) == ("roads", "市政养护处", "damaged")
    assert (str(facility.began_on), facility.changed_on, facility.lon, facility.lat) == (
        "2020-01-02",
        None,
        120.05,
        23.05,
    )
    assert (facility.raw_lon, facility.raw_lat, facility.crs) == ("120.05", "23.05", "wgs84")
    assert facility.areas == {"district": city.north, "community": f"{city.north}000001"}


def test_a_second_import_changes_nothing_and_the_first_is_undone_as_one_change(city: SmallCity) -> None:
    census.write(Path("c.csv"), 50)
    first, second = run("c.csv", "--batch", "7"), run("c.csv")
    assert "created 50" in first.stdout and "unchanged 50" in second.stdout
    assert second.stderr == "" and "can be undone" not in second.stdout
    change = ChangeSet.objects.get(what="FacilitiesSet")
    assert (change.source, change.rows.count()) == ("c.csv", 50)
    assert f"Change {change.number} in the history; it can be undone as one." in first.stdout
    assert changes.undo(change.number, "test", NOW).removed == 50
    assert not Facility.objects.exists()


def test_many_rows_are_undone_in_pieces_and_completely(city: SmallCity, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changes, "PIECE", 10)
    census.write(Path("c.csv"), 45)
    run("c.csv")
    number = ChangeSet.objects.get(what="FacilitiesSet").number
    undone = changes.undo(number, "test", NOW)
    assert (undone.removed, Facility.objects.count()) == (45, 0)
    assert undone.number
    assert changes.undo(undone.number, "test", NOW).created == Facility.objects.count() == 45


def test_a_dry_run_reports_the_same_and_enters_nothing(city: SmallCity) -> None:
    census.write(Path("c.csv"), 30)
    result = run("c.csv", "--dry-run", "--batch", "8")
    assert result.stdout == ("Dry run, nothing was changed. 30 rows: created 30, changed 0, unchanged 0, rejected 0.\n")
    assert not Facility.objects.exists() and not ChangeSet.objects.filter(what="FacilitiesSet").exists()


@pytest.mark.parametrize(
    ("odd", "field", "reason"),
    [
        ({"GLBJBSM": ""}, "code (GLBJBSM)", "This must be filled in."),
        ({"GLBJBSM": "6.71001E+16"}, "code (GLBJBSM)", "A spreadsheet has shortened"),
        ({"GLBJBSM": "671001010010001"}, "code (GLBJBSM)", "An id has 17 digits, or 16 in the old list; this has 15"),
        ({"GLBJBSM": "6710010100100000A"}, "code (GLBJBSM)", "this contains A"),
        ({"GLBJBSM": "67100101001000000"}, "code (GLBJBSM)", "000000"),
        ({"GLBJBSM": "67100109001000001"}, "code (GLBJBSM)", "The class 09001 in this id is not in GB/T 47678.5-2026"),
        ({"GLBJZT": "很好"}, "state (GLBJZT)", "很好 is not one of 完好"),
        ({"CSRQ": "20201345"}, "began_on (CSRQ)", "Write a day as"),
        ({"经度": "abc"}, "lon (经度)", "must be a number"),
        ({"纬度": ""}, "lat (纬度)", "must be a number"),
        ({"经度": "0", "纬度": "0"}, "lon (经度)", "is (0, 0)"),
        ({"经度": "23.05", "纬度": "120.05"}, "lat (纬度)", "Longitude and latitude look exchanged."),
        ({"经度": "220"}, "lon (经度)", "lies outside the earth"),
    ],
)
def test_a_wrong_row_is_refused_at_its_cell_and_the_others_are_kept(
    city: SmallCity, odd: dict[str, str], field: str, reason: str
) -> None:
    result = bring_in({**GOOD, "GLBJBSM": "67100101001000002", "经度": "120.06"}, {**GOOD, **odd})
    assert result.exit_code == 0 and "created 1" in result.stdout and "rejected 1" in result.stdout
    (row,) = rejected()
    assert (row["line"], row["field"]) == ("3", field)
    assert reason in row["reason"]


def test_full_width_digits_become_half_width(city: SmallCity) -> None:
    bring_in({**GOOD, "GLBJBSM": "６７１００１０１００１００００１１"})
    assert Facility.objects.get().code == "67100101001000011"


def test_an_id_given_twice_is_reported_with_both_lines_across_batches(city: SmallCity) -> None:
    other = {**GOOD, "GLBJBSM": "67100101001000002", "经度": "120.06"}
    result = bring_in(GOOD, other, {**GOOD, "经度": "120.07"}, options=("--batch", "1"))
    assert "rejected 1" in result.stdout
    assert "67100101001000001 is in line 2 and again in line 4. The first one counts." in rejected()[0]["reason"]
    assert Facility.objects.get(code=GOOD["GLBJBSM"]).lon == 120.05


@pytest.mark.parametrize(
    ("odd", "message"),
    [
        ({"经度": "121.5", "纬度": "25.0"}, "In doubt, outside the city: 1"),
        ({"经度": "120.25"}, "This id begins with 671001, but its position lies in 671002"),
        ({"GLBJMC": "雨水井盖"}, "It is called 雨水井盖, which is the class 01003, and its id says 01001 供水井盖"),
        ({"YHDWMC": "自来水公司"}, "自来水公司 is not a unit of the city. It is kept as text."),
        ({"YHDWDM": "91350100M000100Y44"}, "91350100M000100Y44 is not a unified social credit code"),
        ({"SZSQDM": "671001000002"}, "The census says community 671001000002, its point lies in 671001000001"),
        ({"BGRQ": "20191231"}, "It was changed on 2019-12-31 before it began on 2020-01-02"),
        ({"经度": "", "纬度": ""}, "It has no position"),
    ],
)
def test_doubts_are_reported_and_kept_or_refused_where_the_mapping_is_strict(
    city: SmallCity, odd: dict[str, str], message: str
) -> None:
    good = {**GOOD, "GLBJBSM": "67100101001000009", "经度": "120.09"}
    kept = bring_in(good, {**GOOD, **odd})
    assert "created 2" in kept.stdout and message in kept.stderr
    assert "line 3 67100101001000001" in kept.stderr
    strict = bring_in(good, {**GOOD, **odd}, mapping="strict: true\n")
    assert "unchanged 1" in strict.stdout and "rejected 1" in strict.stdout
    assert message.removeprefix("In doubt, ").removesuffix(": 1")[:20] in rejected()[0]["reason"]


def test_exchanged_coordinates_are_suspected_where_exchanging_them_puts_them_in_the_city(city: SmallCity) -> None:
    x, y = projected()
    surveyed = {**GOOD, "经度": str(y), "纬度": str(x)}  # north and then east, as surveyors write
    result = bring_in(surveyed, mapping="crs: EPSG:4549\n")
    assert "and within it if its coordinates are exchanged" in result.stderr


def test_the_same_class_on_the_same_spot_is_suspected(city: SmallCity) -> None:
    result = bring_in(GOOD, {**GOOD, "GLBJBSM": "67100101001000002"}, options=("--batch", "1"))
    assert "created 2" in result.stdout
    assert "It has the class and the position of line 2" in result.stderr


def test_doubts_are_counted_by_kind_and_the_first_ones_are_shown(city: SmallCity) -> None:
    rows = [{**GOOD, "GLBJBSM": f"671001010010000{n:02d}", "YHDWMC": "甲", "经度": f"120.0{n}"} for n in range(10, 20)]
    messages = bring_in(*rows).stderr
    assert "In doubt, a unit is not known: 10" in messages and "and 5 more like these" in messages
    assert messages.count("甲 is not a unit") == 5


def test_units_are_recognised_by_credit_code_name_or_other_name_or_else_kept_as_text(city: SmallCity) -> None:
    from cityloop.registry.history.changes import TableChange, apply
    from cityloop.registry.history.tables import UNITS

    row = {"code": "roads", "credit_code": "91350100M000100Y43", "aliases": ["市政处"]}
    apply([TableChange(UNITS, [row])], "test", NOW, "UnitsSet")
    bring_in({**GOOD, "ZGBMDM": "91350100m000100y43", "ZGBMMC": "别的写法", "QSDWMC": "市政处", "YHDWMC": "供水公司"})
    facility = Facility.objects.get()
    assert (facility.authority, facility.authority_name) == ("roads", "别的写法")
    assert (facility.owner, facility.maintainer, facility.maintainer_name) == ("roads", "供水公司", "供水公司")


def test_coordinates_of_other_systems_are_converted_and_also_kept_unchanged(city: SmallCity) -> None:
    lon, lat = from_wgs84(120.05, 23.05, Crs.BD09)
    bring_in({**GOOD, "经度": f"{lon:.7f}", "纬度": f"{lat:.7f}"}, mapping="crs: bd09\n")
    facility = Facility.objects.get()
    assert (facility.lon, facility.lat) == (pytest.approx(120.05, abs=1e-6), pytest.approx(23.05, abs=1e-6))
    assert (facility.raw_lon, facility.crs) == (f"{lon:.7f}", "bd09")


def test_an_old_id_stays_in_the_old_list_or_is_converted_by_the_crosswalk(city: SmallCity) -> None:
    old = {**GOOD, "GLBJBSM": "6710010101000001", "GLBJMC": ""}
    assert "created 1" in bring_in(old).stdout
    facility = Facility.objects.get()
    assert (facility.catalogue, facility.category, facility.name) == ("GB/T 30428.2-2013", "0101", "上水井盖")
    assert "created 1" in bring_in(old, mapping="upgrade: true\n").stdout
    new = Facility.objects.get(code="67100101001000001")
    assert (new.category, new.attributes) == ("01001", {"former_code": "6710010101000001"})


def test_a_mapping_names_other_columns_words_and_further_attributes(city: SmallCity) -> None:
    mapping = """
ids: own
fields:
  code: {column: 编号}
  category: {column: 类别, words: {灯: "01037"}}
  state: {constant: 完好}
  lon: {column: x}
  lat: {column: y}
  attributes:
    lamp_watts: {column: 功率}
"""
    result = bring_in({"编号": "灯-7/B", "类别": "灯", "x": "120.05", "y": "23.05", "功率": "60"}, mapping=mapping)
    assert result.exit_code == 1 and "cannot contain /" in rejected()[0]["reason"]
    result = bring_in({"编号": "灯-7B", "类别": "灯", "x": "120.05", "y": "23.05", "功率": "60"}, mapping=mapping)
    assert "created 1" in result.stdout, result.stderr
    facility = Facility.objects.get()
    assert (facility.code, facility.category, facility.name, facility.attributes) == (
        "灯-7B",
        "01037",
        "路灯",
        {"lamp_watts": "60"},
    )


def test_a_field_that_the_table_does_not_have_is_not_changed(city: SmallCity) -> None:
    bring_in({**GOOD, "BZ": "重装"})
    bring_in({"GLBJBSM": GOOD["GLBJBSM"], "GLBJZT": "移除"})
    facility = Facility.objects.get()
    assert (facility.state, facility.remark, facility.maintainer, facility.lon, facility.areas["district"]) == (
        "removed", "重装", "roads", 120.05, city.north,
    )  # fmt: skip


def test_a_table_without_ids_is_refused(city: SmallCity) -> None:
    result = bring_in({"名称": "灯"})
    assert result.exit_code == 1 and "No column has the identifier (管理部件标识码," in result.stderr
    assert "The file has: 名称" in result.stderr


def test_a_workbook_with_two_header_rows_is_read_and_its_rejects_are_a_workbook(city: SmallCity) -> None:
    with xlsxwriter.Workbook("census.xlsx") as book:
        sheet = book.add_worksheet()
        for place, (words, name) in enumerate(
            [("标识码", "GLBJBSM"), ("状态", "GLBJZT"), ("初始日期", "CSRQ"), ("经度", "JD"), ("纬度", "WD")]
        ):
            sheet.write(0, place, words)
            sheet.write(1, place, name)
        for line, cells in enumerate(
            [("67100101001000001", "完好", 43832, 120.05, 23.05), ("67100101001000001", "完好", 43832, 120.06, 23.05)]
        ):
            for place, cell in enumerate(cells):
                sheet.write(line + 2, place, cell)
    Path("map.yaml").write_text("heading: [1, 2]\n", encoding="utf-8")
    result = run("census.xlsx", "--mapping", "map.yaml")
    assert "created 1" in result.stdout and "rejected 1" in result.stdout, (result.stdout, result.stderr)
    assert str(Facility.objects.get().began_on) == "2020-01-02"
    assert Path("census.rejects.xlsx").exists()


def test_the_example_of_the_how_to_has_the_output_that_it_shows(city: SmallCity) -> None:
    page = (Path(__file__).resolve().parents[2] / "docs" / "how-to" / "import-facilities.md").read_text("utf-8")
    table = page.partition("```csv\n")[2].partition("```")[0]
    shown = page.partition("    $ cityloop import facilities census.csv\n")[2].partition("\n\n")[0]
    Path("census.csv").write_text(table, encoding="utf-8")
    result = run("census.csv")
    output = f"{result.stderr}{result.stdout}".splitlines()
    assert [f"    {line}" for line in output if not line.startswith("Change ")] == shown.splitlines()


def features(*points: Any, **properties: Any) -> str:
    listed = [
        {"type": "Feature", "properties": {"GLBJBSM": f"6710010100100000{n}", **properties}, "geometry": point}
        for n, point in enumerate(points, start=1)
    ]
    return json.dumps({"type": "FeatureCollection", "features": listed})


def test_points_of_a_geojson_are_facilities_and_other_shapes_are_refused_by_their_number(city: SmallCity) -> None:
    point, line = {"type": "Point", "coordinates": [120.05, 23.05]}, shapely.LineString([(120, 23), (120.1, 23.1)])
    Path("f.geojson").write_text(features(point, shapely.geometry.mapping(line), GLBJZT="完好"), encoding="utf-8")
    result = run("f.geojson")
    assert "created 1" in result.stdout and "rejected 1" in result.stdout
    assert Facility.objects.get().lat == 23.05
    (row,) = rejected("f.rejects.csv")
    assert (row["line"], row["field"], row["reason"]) == ("2", "row", "This is a LineString. A facility needs a point.")


@pytest.mark.parametrize("kind", ["gpkg", "shp"])
def test_points_of_a_projected_layer_are_converted_from_the_system_it_names(city: SmallCity, kind: str) -> None:
    import numpy as np
    import pyogrio

    x, y = projected()
    pyogrio.raw.write(
        f"f.{kind}",
        np.array([shapely.to_wkb(shapely.Point(x, y))], dtype=object),
        [np.array(["67100101001000001"], dtype=object), np.array(["市政养护处"], dtype=object)],
        ["GLBJBSM", "YHDWMC"],
        crs="EPSG:4549",
        geometry_type="Point",
        **({"encoding": "gb18030"} if kind == "shp" else {}),
    )
    result = run(f"f.{kind}")
    assert "created 1" in result.stdout, result.stderr
    facility = Facility.objects.get()
    assert (facility.lon, facility.lat, facility.maintainer) == (pytest.approx(120.05), pytest.approx(23.05), "roads")
    assert facility.crs == "EPSG:4549" and float(facility.raw_lon) == pytest.approx(x)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("crs: mars\n", "map.yaml:1 crs"),
        ("fields: {code: {column: no}}\n", "There is no column no in"),
        ("ids: any\n", "map.yaml:1 ids"),
        ("colour: red\n", "map.yaml:1 colour"),
    ],
)
def test_a_mapping_that_does_not_fit_changes_nothing(city: SmallCity, words: str, message: str) -> None:
    result = bring_in(GOOD, mapping=words)
    assert result.exit_code == 1 and message in result.stderr
    assert not Facility.objects.exists()
