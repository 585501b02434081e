"""Workbooks as offices send them: read whatever stands around the table, handed in once, rejects in the same layout.

Every workbook is a real file made here. Whether a spreadsheet program shows them well is not tested.
"""

import zipfile
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree
from xml.sax.saxutils import escape

import pytest
import xlsxwriter
import xlwt
from click.testing import CliRunner, Result
from python_calamine import CalamineWorkbook

from cityloop.casework.models import Case
from cityloop.channels.tables.cells import as_day
from cityloop.channels.tables.rows import Sheet, WantedTable
from cityloop.channels.tables.sheets import open_sheet
from cityloop.channels.tables.xlsx.binary import first_day_of_xlsb
from cityloop.core.errors import Invalid
from cityloop.entry.command_line import main
from cityloop.intake.models import Report
from example import SmallCity

Grid = Sequence[Sequence[Any]]
PLAIN = [["编号", "内容"], ["A1", "灯坏了"], ["A2", "路坏了"]]
TWO_ROWS = [["编 号", "坐标", "", "内容"], ["", "经度", "纬度", ""], ["A1", 120.05, 23.05, "灯坏了"]]
TWO_ROWS_MERGED = ["A1:A2", "B1:C1", "D1:D2"]


def workbook(path: Path, sheets: dict[str, Grid], merged: Sequence[str] = (), hidden: Sequence[str] = ()) -> Path:
    """Write sheets of which the first takes the merged ranges; text is text, a formula begins with '{='."""
    with xlsxwriter.Workbook(path) as book:
        days = book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
        for number, (name, grid) in enumerate(sheets.items()):
            sheet = book.add_worksheet(name)
            for ranged in merged if number == 0 else ():
                sheet.merge_range(ranged, "")
            for line, cells in enumerate(grid):
                for place, cell in enumerate(cells):
                    if isinstance(cell, date):
                        sheet.write_datetime(line, place, cell, days)
                    elif isinstance(cell, str) and cell.startswith("{="):
                        sheet.write_formula(line, place, cell[1:-1], None, 42)
                    elif isinstance(cell, str) and cell:
                        sheet.write_string(line, place, cell)
                    elif cell != "":
                        sheet.write(line, place, cell)
            if name in hidden:
                sheet.hide()
    return path


def table(folder: Path, grid: Grid, merged: Sequence[str] = (), wanted: WantedTable | None = None) -> Sheet:
    return open_sheet(workbook(folder / "in.xlsx", {"数据": grid}, merged), wanted)


def cells(sheet: Sheet) -> list[list[Any]]:
    return [list(row.cells) for row in sheet.rows]


def test_the_first_visible_sheet_that_is_not_empty_is_read(tmp_path: Path) -> None:
    sheets: dict[str, Grid] = {"空": [], "代码": [["x", "y"]], "数据": PLAIN, "别的": [["u", "v"]]}
    sheet = open_sheet(workbook(tmp_path / "in.xlsx", sheets, hidden=["代码"]))
    assert sheet.columns == ("编号", "内容") and cells(sheet) == PLAIN[1:]


def test_a_sheet_is_chosen_by_name_and_a_wrong_name_lists_the_sheets(tmp_path: Path) -> None:
    path = workbook(tmp_path / "in.xlsx", {"一": PLAIN, "二": [["u", "v"], ["1", "2"]], "三": []})
    assert open_sheet(path, WantedTable(sheet="二")).columns == ("u", "v")
    with pytest.raises(Invalid, match=r"no sheet 四\. The workbook has: 一, 二, 三"):
        open_sheet(path, WantedTable(sheet="四"))
    with pytest.raises(Invalid, match="The sheet 三 is empty"):
        open_sheet(path, WantedTable(sheet="三"))


def test_the_heading_is_found_below_titles_and_lines_are_those_of_the_spreadsheet(tmp_path: Path) -> None:
    grid = [["十一月上报情况表"], ["填报单位：监督中心", "2026年11月"], [], *PLAIN]
    sheet = table(tmp_path, grid, ["A1:B1"], WantedTable(frozenset({"编号", "内容"})))
    assert sheet.columns == ("编号", "内容")
    assert [(row.number, row.line) for row in sheet.rows] == [(1, 5), (2, 6)]


def test_a_table_that_does_not_begin_in_the_corner_is_found(tmp_path: Path) -> None:
    sheet = table(tmp_path, [[], *(["", *cells] for cells in PLAIN)])
    assert sheet.columns == ("编号", "内容")
    assert [row.line for row in sheet.rows] == [3, 4]


@pytest.mark.parametrize("merged", [TWO_ROWS_MERGED, ["B1:C1"], []])
@pytest.mark.parametrize("title", [[], [["上报情况表", "", "", ""]]])
def test_two_rows_of_a_heading_are_joined_merged_or_not(tmp_path: Path, merged: list[str], title: Grid) -> None:
    shifted = [part.translate(str.maketrans("12", "23")) for part in merged] if title else merged
    wanted = WantedTable(frozenset({"编号", "坐标 经度", "坐标 纬度", "内容"}))
    sheet = table(tmp_path, [*title, *TWO_ROWS], shifted, wanted)
    assert sheet.columns == ("编号", "坐标 经度", "坐标 纬度", "内容")
    assert cells(sheet) == [["A1", 120.05, 23.05, "灯坏了"]]


def test_a_heading_of_two_merged_rows_is_found_without_knowing_its_names(tmp_path: Path) -> None:
    assert table(tmp_path, TWO_ROWS, TWO_ROWS_MERGED).columns == ("编号", "坐标 经度", "坐标 纬度", "内容")


def test_a_row_of_text_with_gaps_is_not_a_second_row_of_the_heading(tmp_path: Path) -> None:
    grid = [["编号", "内容", "地址", ""], ["A1", "灯坏了", "", "急"]]
    sheet = table(tmp_path, grid, wanted=WantedTable(frozenset({"编号", "内容", "地址"})))
    assert sheet.columns == ("编号", "内容", "地址", "") and cells(sheet) == grid[1:]


def test_the_lines_of_the_heading_may_be_given(tmp_path: Path) -> None:
    grid = [["甲", "乙", "丙"], ["a", "b", "c"], ["x", "y", "z"], ["1", "2", "3"]]
    assert table(tmp_path, grid, wanted=WantedTable(heading=(2,))).columns == ("a", "b", "c")
    assert table(tmp_path, grid, wanted=WantedTable(heading=(1, 2, 3))).columns == ("甲 a x", "乙 b y", "丙 c z")
    with pytest.raises(Invalid, match="no heading in line 9"):
        table(tmp_path, grid, wanted=WantedTable(heading=(9,)))


def test_cells_merged_downwards_are_repeated_and_blank_rows_are_left_out(tmp_path: Path) -> None:
    grid = [["区", "编号", "内容"], ["北", "A1", "灯"], ["", "A2", ""], [], ["南", "A3", "路"], ["", "A4", "井"]]
    sheet = table(tmp_path, grid, ["A2:A3", "C2:C3", "A5:A6"])
    assert cells(sheet) == [["北", "A1", "灯"], ["北", "A2", "灯"], ["南", "A3", "路"], ["南", "A4", "井"]]


def test_the_same_as_above_is_filled_in_through_several_rows(tmp_path: Path) -> None:
    grid = [["编号", "内容", "地址"], ["A1", "灯坏了", "长江路"], ["A2", "同上", "同 上"], ["A3", "〃", "北街"]]
    assert cells(table(tmp_path, grid))[1:] == [["A2", "灯坏了", "长江路"], ["A3", "灯坏了", "北街"]]


def test_the_same_as_above_below_nothing_is_a_fault_and_so_is_what_refers_to_it(tmp_path: Path) -> None:
    grid = [["编号", "内容"], ["A1", "同上"], ["A2", "同上"], ["A3", "灯"], ["A4", "同上"]]
    assert [row.fault is None for row in table(tmp_path, grid).rows] == [False, False, True, True]


def test_the_same_as_above_below_a_shifted_row_of_a_csv_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("编号,内容\nA1,灯,多\nA2,同上\n", encoding="utf-8")
    assert all(row.fault for row in open_sheet(tmp_path / "in.csv").rows)


@pytest.mark.parametrize(
    ("row", "is_left_out"),
    [
        (["合计", "", 12], True),
        (["北区小计：", "3件", ""], True),
        (["总 计", "１００", "5%"], True),
        (["", "Total", 2.5], True),
        *(
            (["合计", amount, ""], True)
            for amount in ("17盏", "1家", "25.5平方米", "3/5", "—", "（17）", "17件（含补报3件）")
        ),
        *(([words, "", ""], True) for words in ("共17件", "合计：17盏", "汇总", "总数（盏） 17", "全年累计 5 条记录")),
        (["合计", "灯坏了", ""], False),
        (["共5盏灯坏了", "", ""], False),
        (["A9", "合计", 12], False),
        (["合计处灯坏了", "", ""], False),
    ],
)
def test_rows_of_totals_are_left_out_and_reported(tmp_path: Path, row: list[Any], is_left_out: bool) -> None:
    sheet = table(tmp_path, [["编号", "内容", "数量"], ["A1", "灯坏了", 1], row, ["A2", "同上", 1]])
    kept = [kept[0] for kept in cells(sheet)]
    assert sheet.totals == ([3] if is_left_out else []) and len(kept) == 3 - is_left_out


def test_a_row_that_may_be_a_total_is_rejected_and_never_entered(tmp_path: Path) -> None:
    sheet = table(tmp_path, [["编号", "内容"], ["合计", "灯坏了"], ["A1", "合计处灯坏了"]])
    assert [row.fault.code if row.fault else None for row in sheet.rows] == ["row-maybe-total", None]


def test_a_cell_merged_across_two_columns_of_the_mapping_rejects_its_row(tmp_path: Path) -> None:
    path = tmp_path / "in.xlsx"
    book = xlsxwriter.Workbook(path)
    sheet = book.add_worksheet()
    for line, cells_of_line in enumerate((["编号", "内容", "地址"], ["A1", "灯坏了", ""], ["A2", "灯坏了", "甲街"])):
        sheet.write_row(line, 0, cells_of_line)
    sheet.merge_range(1, 1, 1, 2, "灯坏了")
    book.close()
    faults = [row.fault for row in open_sheet(path, WantedTable(frozenset({"编号", "内容", "地址"}))).rows]
    assert [fault.reason if fault else "" for fault in faults] == [
        "A cell is merged across the columns 内容 + 地址. Split it, and fill each column.",
        "",
    ]
    assert not any(row.fault for row in open_sheet(path, WantedTable(frozenset({"编号", "内容"}))).rows)


def test_numbers_dates_and_formulas_are_read_as_their_values(tmp_path: Path) -> None:
    at = datetime(2026, 11, 1, 8, 30)  # noqa: DTZ001
    grid = [["id", "long", "at", "sum", "part"], [20261101001, 4101010101234567, at, "{=6*7}", 0.5]]
    ((number, long, moment, total, part),) = cells(table(tmp_path, grid))
    assert (number, type(number), moment, total, part) == (20261101001, int, at, 42, 0.5)
    assert long == "4.10101010123457E+15", "digits that a spreadsheet does not keep are not made up"


def ods(path: Path, grid: Grid) -> Path:
    lines = "".join(
        "<table:table-row>"
        + "".join(f'<table:table-cell office:value-type="string"><text:p>{escape(c)}</text:p></table:table-cell>'
                  if c else "<table:table-cell/>" for c in row)
        + "</table:table-row>"
        for row in grid
    )  # fmt: skip
    spaces = " ".join(f'xmlns:{n}="urn:oasis:names:tc:opendocument:xmlns:{n}:1.0"' for n in ("office", "table", "text"))
    body = f'<office:spreadsheet><table:table table:name="表">{lines}</table:table></office:spreadsheet>'
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        file.writestr("content.xml", f"<office:document-content {spaces}><office:body>{body}</office:body>"
                      "</office:document-content>")  # fmt: skip
        file.writestr("META-INF/manifest.xml", '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:'
                      'xmlns:manifest:1.0"/>')  # fmt: skip
    return path


def test_an_ods_is_read_and_its_two_rows_of_heading_joined(tmp_path: Path) -> None:
    grid = [[str(cell) for cell in row] for row in TWO_ROWS]
    sheet = open_sheet(ods(tmp_path / "in.ods", grid))
    assert sheet.columns == ("编号", "坐标 经度", "坐标 纬度", "内容") and cells(sheet) == [grid[2]]


def test_an_ods_with_a_cell_in_the_last_corner_is_refused_with_advice(tmp_path: Path) -> None:
    path = ods(tmp_path / "in.ods", [["编号", "内容"], ["A1", "灯坏了"]])
    far = (
        '<table:table-row table:number-rows-repeated="1048573"><table:table-cell/></table:table-row><table:table-row>'
        '<table:table-cell table:number-columns-repeated="16383"/><table:table-cell office:value-type="string">'
        "<text:p>x</text:p></table:table-cell></table:table-row></table:table>"
    )
    with zipfile.ZipFile(path) as file:
        parts = {name: file.read(name).decode() for name in file.namelist()}
    parts["content.xml"] = parts["content.xml"].replace("</table:table>", far)
    with zipfile.ZipFile(path, "w") as file:
        for name, content in parts.items():
            file.writestr(name, content)
    with pytest.raises(Invalid, match=r"A cell is far away from the table\. Delete it, or save the sheet as XLSX"):
        open_sheet(path)


def xls(path: Path) -> Path:
    """Write a workbook of the old kind: a title, a heading in two rows, merged cells, dates, totals, a far cell."""
    book = xlwt.Workbook(encoding="utf-8")
    book.add_sheet("空")
    sheet = book.add_sheet("上报")
    sheet.write_merge(0, 0, 0, 4, "十一月上报情况表")
    for place, name in ((0, "区"), (1, "编号"), (4, "时间")):
        sheet.write_merge(1, 2, place, place, name)
    sheet.write_merge(1, 1, 2, 3, "坐标")
    sheet.write(2, 2, "经度")
    sheet.write(2, 3, "纬度")
    sheet.write_merge(3, 4, 0, 0, "北区")
    at = datetime(2026, 11, 1, 8, 30)  # noqa: DTZ001
    for line, cells in enumerate([(7, 120.05, 23.05), ("A2", "同上", 23.5)], start=3):
        for place, cell in enumerate(cells, start=1):
            sheet.write(line, place, cell)
    sheet.write(3, 4, at, xlwt.easyxf(num_format_str="yyyy-mm-dd hh:mm"))
    sheet.write(5, 0, "合计")
    sheet.write(5, 2, 2)
    sheet.write(60_000, 200, "x")
    book.save(str(path))
    return path


def test_a_workbook_of_the_old_kind_is_read_like_any_other(tmp_path: Path) -> None:
    sheet = open_sheet(xls(tmp_path / "in.xls"), WantedTable(frozenset({"编号", "坐标 经度", "坐标 纬度"})))
    assert sheet.columns[:5] == ("区", "编号", "坐标 经度", "坐标 纬度", "时间") and sheet.layout
    assert [(row.line, row.cells[:5]) for row in sheet.rows] == [
        (4, ("北区", 7, 120.05, 23.05, datetime(2026, 11, 1, 8, 30))),  # noqa: DTZ001
        (5, ("北区", "A2", 120.05, 23.5, "")),
    ]
    assert sheet.totals == [6]


@pytest.mark.parametrize("is_old", [True, False])
def test_bare_numbers_of_an_xls_are_days_of_its_own_calendar(tmp_path: Path, *, is_old: bool) -> None:
    book = xlwt.Workbook()
    book.dates_1904 = is_old
    sheet = book.add_sheet("a")
    for line, cells in enumerate([("编号", "时间"), ("A", 43_894 if is_old else 45_356)]):
        for place, cell in enumerate(cells):
            sheet.write(line, place, cell)
    book.save(str(tmp_path / "in.xls"))
    found = open_sheet(tmp_path / "in.xls")
    (first, *_) = found.rows
    assert as_day(first.cells[1], (), found.first_day) == date(2024, 3, 5)


@pytest.mark.parametrize(("flags", "first"), [(b"\x21\0\x01\0", 1904), (b"\x20\0\x01\0", 1899)])
def test_the_calendar_of_an_xlsb_is_that_of_its_properties(tmp_path: Path, flags: bytes, first: int) -> None:
    begins, version, properties = b"\x83\x01\0", b"\x80\x01\x02ab", b"\x99\x01\x0c" + flags + b"\0" * 8
    with zipfile.ZipFile(tmp_path / "in.xlsb", "w") as archive:
        archive.writestr("xl/workbook.bin", begins + version + properties)
        assert first_day_of_xlsb(archive).year == first


def test_a_workbook_that_would_take_too_much_memory_is_refused_with_its_size(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cityloop.channels.tables.workbooks.HELD_BINARY", 4 << 10)
    monkeypatch.setattr("cityloop.channels.tables.workbooks.HELD_XML", 1 << 8)
    for path in (xls(tmp_path / "in.xls"), ods(tmp_path / "in.ods", TWO_ROWS[:1])):
        with pytest.raises(Invalid, match=r"larger than 0 MiB unpacked.*Save it as XLSX or CSV"):
            open_sheet(path)


def test_a_file_that_only_looks_like_a_workbook_is_refused(tmp_path: Path) -> None:
    (tmp_path / "in.xls").write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600)
    with pytest.raises(Invalid, match="not a workbook that can be read"):
        open_sheet(tmp_path / "in.xls")
    with pytest.raises(Invalid, match="is empty"):
        open_sheet(workbook(tmp_path / "in.xlsx", {"空": []}))
    with pytest.raises(Invalid, match="No line names the columns"):
        open_sheet(workbook(tmp_path / "in.xlsx", {"一": [["说明"]]}))


MAPPING = """
channel: old-hotline
fields:
  external_id: {column: 编号}
  text: {column: 内容}
  lon: {column: 坐标 经度}
  lat: {column: 坐标 纬度}
  address: {column: 地址}
  reported_at: {column: 时间}
"""
TOP = [
    ["十一月上报情况表", "", "", "", "", "", ""],
    ["区", "编号", "内容", "坐标", "", "地址", "时间"],
    ["", "", "", "经度", "纬度", "", ""],
]
FIRST, SECOND = datetime(2026, 11, 1, 8), datetime(2026, 11, 2, 9)  # noqa: DTZ001  # as a spreadsheet: without a zone
GOOD = [
    ["北区", 20261101001, "灯坏了", 120.05, 23.05, "长江路", FIRST],
    ["", "２０２６１１０１００２", "同上", "１２０．０５", "23.05", "〃", 46327.5],
    ["", "A3", "路坏了", "", "", "", "2026年11月1日 8时30分"],
    [],
    ["小计", "", 3, "", "", "", ""],
]
BAD = [
    ["南区", "", "没有编号", "", "", "", ""],
    ["=1+1", "B2", "=cmd()", 120.05, 950, "-北街", SECOND],
    ["", 4101010101234567, "太长", "", "", "", "2026/11/2 9:00"],
    ["合计", "", 6, "", "", "", ""],
]
MERGED = ["A1:G1", "A2:A3", "B2:B3", "C2:C3", "D2:E2", "F2:F3", "G2:G3", "A4:A6"]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "map.yaml").write_text(MAPPING, encoding="utf-8")
    return tmp_path


def bring_in(rows: Grid, *options: str) -> Result:
    workbook(Path("in.xlsx"), {"上报": [*TOP, *rows]}, MERGED if rows[:5] == GOOD else MERGED[:-1])
    return again("in.xlsx", *options)


def again(name: str, *options: str) -> Result:
    return CliRunner().invoke(main, ["import", "reports", name, "--mapping", "map.yaml", *options])


def test_a_workbook_becomes_cases_and_the_second_time_they_are_known(folder: Path, city: SmallCity) -> None:
    result = bring_in(GOOD)
    assert result.exit_code == 0, result.output
    assert result.stdout == (
        "3 rows: created 3, already known 0, conflicts 0, rejected 0; placed in no district 1.\n"
        "Totals left out: 1, in line 8.\n"
    )
    moments = {report.external_id: report.case.reported_at for report in Report.objects.select_related("case")}
    assert moments == {
        "20261101001": datetime(2026, 11, 1, 0, tzinfo=UTC),
        "20261101002": datetime(2026, 11, 1, 4, tzinfo=UTC),
        "A3": datetime(2026, 11, 1, 0, 30, tzinfo=UTC),
    }
    second = again("in.xlsx", "--batch", "2")
    assert "created 0, already known 3, conflicts 0, rejected 0" in second.stdout and Case.objects.count() == 3


def test_rejects_are_returned_in_the_same_layout_with_the_reasons_next_to_them(folder: Path, city: SmallCity) -> None:
    result = bring_in([*GOOD, *BAD])
    assert "created 3" in result.stdout and "rejected 3" in result.stdout and "in.rejects.xlsx" in result.stdout
    assert "Totals left out: 2, in line 8, 12." in result.stdout
    book = CalamineWorkbook.from_path("in.rejects.xlsx")
    sheet = book.get_sheet_by_index(0)
    title, upper, lower, *rows = sheet.iter_rows()
    assert (
        book.sheet_names == ["上报"]
        and title[0] == TOP[0][0]
        and upper[:7] == TOP[1]
        and lower[3:5] == ["经度", "纬度"]
    )
    assert lower[7:] == ["row", "line", "field", "reason"] and ((1, 3), (1, 4)) in (sheet.merged_cell_ranges or [])
    assert [(row[2], row[8], row[9]) for row in rows] == [
        ("没有编号", 9, "external_id (编号)"),
        ("=cmd()", 10, "lat (坐标 纬度)"),
        ("太长", 11, "external_id (编号)"),
    ]
    assert rows[1][6] == SECOND and "A spreadsheet has shortened" in rows[2][10]
    assert Path("in.rejects.xlsx").stat().st_mode & 0o777 == 0o600


def notes_and_fills(path: str) -> tuple[dict[str, str], set[str]]:
    """Return the notes of a workbook by cell, and which cells of its first sheet are filled."""
    names = {"m": "http://schemas.openxmlformats.org/spreadsheetml/2006/main"}
    with zipfile.ZipFile(path) as file:
        notes, styles, sheet = (
            ElementTree.fromstring(file.read(f"xl/{name}.xml")) for name in ("comments1", "styles", "worksheets/sheet1")
        )
    filled = [int(style.get("fillId", 0)) > 1 for style in styles.findall("m:cellXfs/m:xf", names)]
    texts = {note.get("ref", ""): "".join(note.itertext()) for note in notes.iterfind(".//m:comment", names)}
    return texts, {cell.get("r", "") for cell in sheet.iterfind(".//m:c", names) if filled[int(cell.get("s", 0))]}


def test_the_wrong_cells_are_filled_and_have_the_reason_as_a_note(folder: Path, city: SmallCity) -> None:
    bring_in([*GOOD, *BAD])
    notes, filled = notes_and_fills("in.rejects.xlsx")
    assert filled == set(notes) == {"B4", "E5", "B6"}, "an empty cell, a latitude of 950, an id of 16 digits"
    assert notes["B4"] == "This must be filled in."
    assert "outside the earth" in notes["E5"] and "shortened" in notes["B6"]


def test_nothing_in_the_rejects_is_a_formula(folder: Path, city: SmallCity) -> None:
    bring_in([*GOOD, *BAD])
    with zipfile.ZipFile("in.rejects.xlsx") as file:
        sheet, styles = (file.read(f"xl/{name}.xml").decode() for name in ("worksheets/sheet1", "styles"))
    assert "<f>" not in sheet and "=cmd()" in sheet and 'quotePrefix="1"' in styles


def test_corrected_rejects_are_imported_with_the_same_mapping(folder: Path, city: SmallCity) -> None:
    bring_in([*GOOD, *BAD])
    top, (first, *_) = 3, list(CalamineWorkbook.from_path("in.rejects.xlsx").get_sheet_by_index(0).iter_rows())[3:]
    assert open_sheet(Path("in.rejects.xlsx")).layout.merged[-1][2] < top  # type: ignore[union-attr]
    mended = [*TOP, [first[0], "B1", *first[2:7]]]
    workbook(Path("mended.xlsx"), {"上报": mended}, MERGED[:-1])
    assert "created 1, already known 0, conflicts 0, rejected 0" in again("mended.xlsx").stdout
    unmended = again("in.rejects.xlsx")
    assert unmended.exit_code == 1 and "None of the 3 rows could be read" in unmended.stderr


def test_a_dry_run_of_a_workbook_writes_its_rejects_and_no_case(folder: Path, city: SmallCity) -> None:
    result = bring_in([*GOOD, *BAD], "--dry-run")
    assert (
        "6 rows: fit to hand in 3, already known 0, conflicts 0, rejected 3" in result.stdout
        and Path("in.rejects.xlsx").exists()
    )
    assert Case.objects.count() == 0


def test_rejects_of_a_workbook_may_be_a_csv_and_those_of_a_csv_a_workbook(folder: Path, city: SmallCity) -> None:
    bring_in([*GOOD, *BAD], "--rejects", "out.csv")
    assert "'=cmd()" in Path("out.csv").read_text(encoding="utf-8-sig")
    heading = "编号,内容,坐标 经度,坐标 纬度,地址,时间\n"
    Path("in.csv").write_bytes((heading + "C1,灯坏了,,,,\n,无,,,,\n").encode() + b",\xff\xfe,,,,\n")
    assert "rejected 2" in again("in.csv", "--rejects", "out.xlsx").stdout
    _, row, damaged = CalamineWorkbook.from_path("out.xlsx").get_sheet_by_index(0).iter_rows()
    assert row[1] == "无" and "�" in damaged[1]


def test_the_mapping_names_the_sheet_and_the_lines_of_the_heading(folder: Path, city: SmallCity) -> None:
    (folder / "map.yaml").write_text(MAPPING + "sheet: 二\nheading: [2, 3]\n", encoding="utf-8")
    workbook(folder / "in.xlsx", {"一": [["u", "v"]], "二": [*TOP, *GOOD[2:3]]})
    assert "1 rows: created 1" in again("in.xlsx").stdout
