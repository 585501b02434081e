"""A real city's filing conditions, as its office keeps them: in two sheets, and in two tables that disagree."""

import os
from collections import Counter
from pathlib import Path

import pytest

from cityloop.channels.imports.standards import open_standards, read_standards
from cityloop.core.codes.classes import HOME
from cityloop.registry.catalogue.comparison import compare, comparison_lines
from cityloop.registry.catalogue.matching import How, Lists, Matching, lists_of
from cityloop.registry.catalogue.report import Findings, Stated, check
from cityloop.registry.packs.reading import read_all

BESIDE = Path(__file__).resolve().parents[3] / "shared" / "data"
FOLDER = Path(os.environ.get("CITYLOOP_DATA") or BESIDE) / "standards"
BOOK = FOLDER / "yuncheng_muban.xlsx"
TIDY = FOLDER / "yuncheng_standards_tidy.csv"
PREVIEW = FOLDER / "yuncheng_standards_preview.csv"
OLD = "GB/T 30428.2-2013"

MAPPING = """
catalogue: GB/T 30428.2-2013
into: GB/T 47678.5-2026
profile: yuncheng
plain_units: working
fill_down: [major_code, minor_code, name]
fields:
  major_code: {column: 大类代码}
  minor_code: {column: 小类代码}
  name: {column: 小类名称}
  filing: {column: 立案条件}
  closing: {column: 结案条件}
  limit: {column: 处置时限}
"""

pytestmark = [
    pytest.mark.data,
    pytest.mark.skipif(not TIDY.exists(), reason=f"no real data: CITYLOOP_DATA names no folder with {FOLDER.name}"),
]


@pytest.fixture(scope="module")
def lists() -> Lists:
    packs = read_all()
    classes = [(c.catalogue, c.kind, c.code, c.name, c.major) for pack in packs for c in pack.classes]
    lines = [line for pack in packs for line in pack.crosswalk]
    return lists_of(classes, lines, [name for pack in packs for name in pack.names])


def read(path: Path, lists: Lists, folder: Path, kind: str, more: str = "", mapping: str = MAPPING) -> list[Stated]:
    """Return the rows of a table; none of them may be refused."""
    mapping_path = folder / f"{path.stem}.yaml"
    mapping_path.write_text(f"{more}{mapping}  kind: {kind}\n", encoding="utf-8")
    sheet, columns = open_standards(path, mapping_path, lists)
    stated, refused = read_standards(sheet.rows, columns, path.name, 4)
    assert [(refusal.row.line, refusal.faults) for refusal in refused] == []
    return stated


def tidy(lists: Lists, folder: Path) -> list[Stated]:
    return read(TIDY, lists, folder, "{column: 类型}")


def preview(lists: Lists, folder: Path) -> list[Stated]:
    return read(PREVIEW, lists, folder, "{constant: 部件}", "heading: 2\n")


def checked(rows: list[Stated], lists: Lists, catalogue: str = OLD) -> Findings:
    return check(rows, Matching(lists, catalogue, HOME, {}), (), "yuncheng")


def test_the_whole_table_is_understood(lists: Lists, tmp_path: Path) -> None:
    rows = tidy(lists, tmp_path)
    found = checked(rows, lists)
    assert len(rows) == len(found.conditions) == 519 and found.refused == []
    assert len({spelling for spelling, _ in found.spellings}) == 16
    assert {meaning.partition(" ")[2] for _, meaning in found.spellings} == {
        "urgent_hour",
        "urgent_day",
        "work_hour",
        "work_day",
    }
    assert [words for _, words in found.extra_words] == ["1紧急工作时制止"]
    hows = Counter(match.how for match in found.matches.values())
    assert hows[How.AGREES] == 114 and hows[How.UNCLEAR] == 0 and sum(hows.values()) == 190


def test_old_classes_become_new_ones(lists: Lists, tmp_path: Path) -> None:
    found = checked(tidy(lists, tmp_path), lists)
    became = {(kind, code): match.key.code for (kind, code, _), match in found.matches.items() if match.key}
    assert became["component", "0101"] == "01001" and became["matter", "0110"] == "06010"
    assert became["component", "0506"] == "01069" and became["matter", "0602"] == "09013"
    assert became["matter", "0498"] == "09020" and became["component", "0286"] == "06050"
    assert became["component", "0284"] == "02999"  # the city's own; the example city has it already
    assert {condition.catalogue for condition in found.conditions.values()} == {HOME}


def test_the_workbook_with_merged_cells_has_the_same_rows_as_the_tidy_table(lists: Lists, tmp_path: Path) -> None:
    both = [
        *read(BOOK, lists, tmp_path, "{constant: 部件}", "sheet: 部件\n"),
        *read(BOOK, lists, tmp_path, "{constant: 事件}", "sheet: 事件\n"),
    ]
    found = compare(tidy(lists, tmp_path), both)
    assert (found.alike, found.limits, found.only_left, found.only_right) == (519, [], [], [])


def test_differences_between_the_tables_are_listed_with_both_places(lists: Lists, tmp_path: Path) -> None:
    found = compare(tidy(lists, tmp_path), preview(lists, tmp_path))
    assert sum(found.respelled.values()) == 255 and found.respelled["4小时", "4工作时"] == 20
    assert [(limit.about.split(",")[0], limit.left, limit.right) for limit in found.limits] == [
        ("component 0110 热力井盖", "1天", "4工作时"),
        ("component 0111 燃气井盖", "1天", "4工作时"),
        ("component 0114 园林井盖", "1天", "4工作时"),
    ]
    assert "yuncheng_standards_tidy.csv:24" in str(found.limits[0])
    assert "yuncheng_standards_preview.csv:" in str(found.limits[0])
    # The two tables give different steps of the frame: 3 and 4 cm in one, 2 cm in the other.
    assert {row.code for row in found.only_right} == {"0110", "0111"}
    assert {"0110", "0111"} <= {row.code for row in found.only_left if row.kind == "component"}
    assert any(line.startswith("Another limit: 3") for line in comparison_lines(found))


def test_limits_read_in_natural_time_disagree(lists: Lists, tmp_path: Path) -> None:
    by_clock = MAPPING.replace("plain_units: working", "plain_units: natural")
    rows = read(TIDY, lists, tmp_path, "{column: 类型}", mapping=by_clock)
    found = compare(rows, preview(lists, tmp_path))
    assert len(found.limits) == 258 and not found.respelled


def test_limits_are_not_guessed_where_the_mapping_does_not_say_which_hours_it_means(
    lists: Lists, tmp_path: Path
) -> None:
    rows = read(TIDY, lists, tmp_path, "{column: 类型}", mapping=MAPPING.replace("plain_units: working\n", ""))
    found = checked(rows, lists)
    assert len(found.conditions) == 46 and {row.fault.code for row in found.refused} == {"unclear-hours"}


def test_the_wrong_list_is_noticed(lists: Lists, tmp_path: Path) -> None:
    rows = tidy(lists, tmp_path)
    named = {(row.kind, row.code, row.name) for row in rows}
    assert lists.likelier(OLD, named) is None
    better = lists.likelier("CJ/T 214-2007", named)
    assert better and better[0] == OLD and better[1] > better[2]
