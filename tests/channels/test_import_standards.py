"""`cityloop import standards`: a city's own table of filing conditions is entered and reported on."""

from pathlib import Path

import pytest
import xlsxwriter
from click.testing import CliRunner, Result

from cityloop.channels.imports.standards import StandardsText
from cityloop.core.codes.classes import HOME
from cityloop.entry.command_line import main
from cityloop.registry.models import Category, ChangeSet, Condition
from cityloop.runtime.yaml_files import read_yaml

HOW_TO = Path(__file__).resolve().parents[2] / "docs" / "how-to" / "import-standards.md"
HEAD = "类型,大类代码,大类名称,小类代码,小类名称,立案条件,结案条件,处置时限,处置单位\n"
ROWS = [
    "事件,01,市容环境,10,暴露垃圾,街边有成堆垃圾,清走,4小时,环卫处、北街办\n",
    "事件,,,,,车站旁有成堆垃圾,清走,1天,\n",
    "事件,01,市容环境,12,道路不洁,路面有油污,洗净,2小时,环卫处\n",
    "部件,01,公用设施,01,上水井盖,盖子不见了,装好,2紧急工作时,自来水公司\n",
    "事件,01,市容环境,99,气球挂树,树上挂着气球,取下,三个工作日内,园林绿化处\n",
]
MAPPING = """
catalogue: GB/T 30428.2-2013
into: GB/T 47678.5-2026
profile: north
plain_units: working
fill_down: [major_code, minor_code, name, units]
fields:
  kind: {column: 类型}
  major_code: {column: 大类代码}
  minor_code: {column: 小类代码}
  name: {column: 小类名称}
  filing: {column: 立案条件}
  closing: {column: 结案条件}
  limit: {column: 处置时限}
  units: {column: 处置单位}
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def bring_in(rows: list[str], *options: str, mapping: str = MAPPING, encoding: str = "utf-8") -> Result:
    Path("table.csv").write_text(HEAD + "".join(rows), encoding=encoding)
    Path("mapping.yaml").write_text(mapping, encoding="utf-8")
    return CliRunner().invoke(main, ["import", "standards", "table.csv", "--mapping", "mapping.yaml", *options])


def north() -> dict[tuple[str, str], tuple[str, dict[str, str]]]:
    rows = Condition.objects.filter(profile="north")
    return {(row.kind, row.code): (row.filing, row.limits) for row in rows.order_by("-number")}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_citys_table_is_entered_under_the_new_list(city: object, encoding: str) -> None:
    result = bring_in(ROWS, encoding=encoding)
    assert result.exit_code == 0, result.output
    assert "5 rows: created 5, changed 0, unchanged 0, rejected 0." in result.stdout
    entered = north()
    assert entered["matter", "01001"] == ("盖子不见了", {"": "2 urgent_hour"})
    assert entered["matter", "06012"] == ("路面有油污", {"": "2 work_hour"})
    limits = Condition.objects.filter(profile="north", code="06010").values_list("filing", "limits")
    assert {filing: limit[""] for filing, limit in limits} == {
        "街边有成堆垃圾": "4 work_hour",
        "车站旁有成堆垃圾": "1 work_day",
    }


def test_a_class_that_only_the_city_has_becomes_its_own_class(city: object) -> None:
    bring_in(ROWS)
    own = Category.objects.get(catalogue=HOME, name="气球挂树")
    assert (own.kind, own.code, own.is_local, own.major) == ("matter", "06992", True, "市容环境")
    assert own.initials.startswith("qi ") and north()["matter", "06992"] == ("树上挂着气球", {"": "3 work_day"})


def test_the_same_table_again_changes_nothing(city: object) -> None:
    bring_in(ROWS)
    changes, classes = ChangeSet.objects.count(), Category.objects.count()
    again = bring_in(ROWS)
    assert "5 rows: created 0, changed 0, unchanged 5, rejected 0." in again.stdout, again.output
    assert (ChangeSet.objects.count(), Category.objects.count()) == (changes, classes)


def test_another_limit_changes_the_condition_and_both_are_reported(city: object) -> None:
    bring_in(ROWS)
    later = bring_in([ROWS[2].replace("2小时", "4小时")])
    assert "created 0, changed 1" in later.stdout
    assert "路面有油污: 4 work_hour (table.csv:2), 2 work_hour (entered, north)" in later.stdout
    assert north()["matter", "06012"] == ("路面有油污", {"": "4 work_hour"})


def test_the_report_says_what_was_understood(city: object) -> None:
    report = bring_in(ROWS).stdout
    assert "5 conditions of 4 classes read; 0 faults." in report
    assert "Classes by code and name: 3" in report
    assert "Classes the city's own: 1\n  matter 0199 气球挂树 → 06992 气球挂树" in report
    assert "  2紧急工作时 → 2 urgent_hour: 1" in report and "  4小时 → 4 work_hour: 1" in report
    assert "Units named: 5, not known of these: 4" not in report  # 园林绿化处 is there, three are not
    assert "not known of these: 3" in report


def test_a_dry_run_enters_nothing(city: object) -> None:
    before = Category.objects.count()
    result = bring_in(ROWS, "--dry-run")
    assert "Dry run, nothing was changed. 5 rows: created 5" in result.stdout
    assert north() == {} and Category.objects.count() == before


@pytest.mark.parametrize(
    ("row", "why"),
    [
        (ROWS[2].replace("2小时", "尽快"), "The limit “尽快” was not understood"),
        (ROWS[2].replace("2小时", ""), "limit (处置时限),This must be filled in."),
        (ROWS[2].replace("路面有油污", ""), "filing (立案条件),This must be filled in."),
        (ROWS[2].replace("事件", "物件"), "物件 is not 部件"),
        (ROWS[2].replace(",12,", ",一,"), "does not have 4 digits"),
        (ROWS[2].replace("道路不洁", "路边烧烤"), "It is not clear which class this is"),
    ],
)
def test_a_row_that_cannot_be_read_is_returned_with_the_reason(city: object, row: str, why: str) -> None:
    result = bring_in([ROWS[0], row])
    assert "created 1, changed 0, unchanged 0, rejected 1." in result.stdout, result.output
    assert why in Path("table.rejects.csv").read_text(encoding="utf-8-sig")
    assert ("matter", "06012") not in north()


def test_two_limits_for_one_condition_are_both_refused(city: object) -> None:
    result = bring_in([*ROWS, ROWS[2].replace("2小时", "1天")])
    assert "rejected 2." in result.stdout and "The same condition twice in the table: 1" in result.stdout
    rejects = Path("table.rejects.csv").read_text(encoding="utf-8-sig")
    assert "the limit 1天 in table.csv:7" in rejects and "the limit 2小时 in table.csv:4" in rejects
    assert ("matter", "06012") not in north()


def test_a_condition_given_twice_alike_is_one_condition(city: object) -> None:
    result = bring_in([*ROWS, ROWS[2].replace("2小时", "2工作时")])
    assert "The same condition twice in the table: 1" in result.stdout and "rejected 0." in result.stdout
    assert Condition.objects.filter(profile="north", code="06012").count() == 1


def test_plain_hours_are_not_guessed(city: object) -> None:
    result = bring_in(ROWS, mapping=MAPPING.replace("plain_units: working\n", ""))
    assert "rejected 3." in result.stdout and "The mapping must give plain_units" in result.stdout


def test_limits_by_grade_of_area_become_one_condition(city: object) -> None:
    graded = MAPPING.replace("  units: {column: 处置单位}\n", "  grade: {column: 处置单位}\n").replace(", units]", "]")
    rows = [ROWS[2].replace("环卫处", "A"), ROWS[2].replace("2小时", "1天").replace("环卫处", "C")]
    assert "rejected 0." in bring_in(rows, mapping=graded).stdout
    assert north()["matter", "06012"] == ("路面有油污", {"A": "2 work_hour", "C": "1 work_day"})


def test_limits_of_three_grades_may_be_in_one_row(city: object) -> None:
    graded = MAPPING.replace("  units: {column: 处置单位}\n", "  limit_c: {column: 处置单位}\n").replace(
        ", units]", "]"
    )
    bring_in([ROWS[2].replace("环卫处", "5天")], mapping=graded)
    assert north()["matter", "06012"] == ("路面有油污", {"": "2 work_hour", "C": "5 work_day"})


def test_the_mapping_may_say_what_a_class_is(city: object) -> None:
    mapping = MAPPING + 'classes: {"matter 0199": "06019"}\n'
    bring_in(ROWS, mapping=mapping)
    assert north()["matter", "06019"][0] == "树上挂着气球"
    assert not Category.objects.filter(name="气球挂树").exists()


def test_the_citys_table_may_replace_the_example(city: object) -> None:
    example = Condition.objects.filter(profile="example-city").count()
    assert example > 400
    replacing = MAPPING + "replaces: [example-city, north]\n"
    assert f"Conditions of example-city that are removed: {example}" in bring_in(ROWS, mapping=replacing).stdout
    assert set(Condition.objects.values_list("profile", flat=True)) == {"north"}
    later = bring_in(ROWS[:2], mapping=replacing)
    assert "Conditions of north that are removed: 3" in later.stdout and "unchanged 2" in later.stdout
    assert set(north()) == {("matter", "06010")}


def test_nothing_is_removed_while_a_row_cannot_be_read(city: object) -> None:
    replacing = MAPPING + "replaces: [example-city, north]\n"
    for row in (ROWS[2].replace("2小时", "尽快"), ROWS[2].replace("路面有油污", "")):
        result = bring_in([ROWS[0], row], mapping=replacing)
        assert "rejected 1." in result.stdout and "that are removed" not in result.stdout
    assert Condition.objects.filter(profile="example-city").count() > 400


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("catalogue: GB/T 30428.2-2013", "catalogue: GB/T 1-2000", "There is no catalogue GB/T 1-2000"),
        ("units]", "colour]", "colour is not a field of this mapping"),
        ("  minor_code: {column: 小类代码}\n", "", "Give code, or major_code and minor_code"),
        ("profile: north\n", 'profile: north\nclasses: {"matter 0199": "06099"}\n', "has no matter 06099"),
        ("profile: north\n", 'profile: north\nclasses: {"event 0199": "06019"}\n', "must begin with component"),
        ("plain_units: working", "plain_units: usual", "'working' or 'natural'"),
    ],
)
def test_a_mapping_that_does_not_fit_is_refused_with_its_line(city: object, old: str, new: str, why: str) -> None:
    result = bring_in(ROWS, mapping=MAPPING.replace(old, new))
    assert result.exit_code == 1 and why in result.stderr and "mapping.yaml:" in result.stderr
    assert north() == {}


def test_a_table_made_from_another_list_is_refused_before_anything_changes(city: object) -> None:
    oldest = [
        "事件,04,突发事件,01,路面塌陷,路塌了,修好,2小时,x\n",
        "事件,05,街面秩序,04,店外经营,货摆到门外,撤回,2小时,x\n",
        "事件,01,市容环境,02,暴露垃圾,有垃圾,清走,4小时,x\n",
    ]
    result = bring_in(oldest)
    assert (
        result.exit_code == 1
        and "3 classes of the table are those of CJ/T 214-2007, but only 0 are those of" in result.stderr
    )
    assert north() == {}
    right = bring_in(oldest, mapping=MAPPING.replace("GB/T 30428.2-2013", "CJ/T 214-2007"))
    assert "created 3" in right.stdout and ("matter", "09005") in north()


def test_another_table_is_compared_with_it(city: object) -> None:
    Path("other.csv").write_text(
        HEAD + ROWS[0].replace("4小时", "4工作时") + ROWS[2].replace("2小时", "1天").replace("洗净", "擦净"),
        encoding="utf-8",
    )
    report = bring_in(ROWS, "--against", "other.csv", "--dry-run").stdout
    assert "alike 0, the same limit written differently 1." in report and "  4小时 = 4工作时: 1" in report
    assert "matter 0112 道路不洁, 路面有油污: 2小时 (table.csv:4), 1天 (other.csv:3)" in report
    assert "Another closing condition: 1" in report and "Only in the first: 3" in report


def test_merged_cells_and_numbers_of_a_workbook_are_read(city: object) -> None:
    with xlsxwriter.Workbook("book.xlsx") as book:
        sheet, other = book.add_worksheet("事件"), book.add_worksheet("部件")
        other.write_row(0, 0, ["无关"])
        sheet.merge_range(0, 0, 0, 8, "某市立案、处置和结案标准")
        sheet.write_row(1, 0, HEAD.strip().split(","))
        sheet.write_row(2, 0, ["事件", 1, "市容环境", 10, "暴露垃圾", "街边有成堆垃圾", "清走", "4小时", "环卫处"])
        sheet.write_row(3, 5, ["车站旁有成堆垃圾", "清走", "1天"])
        for column, value in ((0, "事件"), (1, 1), (3, 10), (4, "暴露垃圾")):
            sheet.merge_range(2, column, 3, column, value)
    Path("mapping.yaml").write_text("sheet: 事件\n" + MAPPING, encoding="utf-8")
    result = CliRunner().invoke(main, ["import", "standards", "book.xlsx", "--mapping", "mapping.yaml"])
    assert "2 rows: created 2" in result.stdout, result.output
    assert Condition.objects.filter(profile="north", code="06010").count() == 2


def test_the_mapping_of_the_how_to_is_valid(folder: Path) -> None:
    words = HOW_TO.read_text(encoding="utf-8").split("```yaml\n")[1].split("```")[0]
    (folder / "shown.yaml").write_text(words, encoding="utf-8")
    shown = read_yaml(folder / "shown.yaml", StandardsText)
    assert shown.target == HOME and set(shown.fill_down) <= set(shown.fields.sources())
