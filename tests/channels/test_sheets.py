"""Reading tables: every form of a CSV gives the same rows, and what is broken is reported with its place."""

import gzip
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cityloop.channels.tables.rows import Sheet, WantedTable
from cityloop.channels.tables.sheets import open_sheet
from cityloop.core.errors import Fault, Invalid, NotPossible

HEADING, ROWS = ["编号", "内容", "地址"], [["1", "路灯不亮", "长江路"], ["2", '说"坏了"', "北街, 3号"]]


def a_file(folder: Path, content: bytes) -> Path:
    path = folder / "sheet.csv"
    path.write_bytes(content)
    return path


def cells(sheet: Sheet) -> list[list[object]]:
    return [list(row.cells) for row in sheet.rows]


def quoted(delimiter: str, ending: str = "\n") -> str:
    lines = [[f'"{cell.replace(chr(34), chr(34) * 2)}"' for cell in row] for row in [HEADING, *ROWS]]
    return "".join(delimiter.join(line) + ending for line in lines)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_every_form_of_a_csv_gives_the_same_rows(tmp_path: Path, encoding: str, delimiter: str, ending: str) -> None:
    sheet = open_sheet(a_file(tmp_path, quoted(delimiter, ending).encode(encoding)))
    assert list(sheet.columns) == HEADING
    assert cells(sheet) == ROWS


def test_rows_are_numbered_below_the_heading_and_lines_as_an_editor_counts_them(tmp_path: Path) -> None:
    sheet = open_sheet(a_file(tmp_path, b'id,text\n1,"two\nlines"\n\n2,one\n'))
    assert [(row.number, row.line) for row in sheet.rows] == [(1, 2), (2, 5)]


def test_a_damaged_byte_affects_only_its_own_row_and_is_kept(tmp_path: Path) -> None:
    good = "".join(f"{number},路灯不亮了\n" for number in range(50)).encode()
    path = a_file(tmp_path, b"id,text\n" + good + b"x,\xff\xfe\n" + "y,路灯\n".encode())
    *before, damaged, after = cells(open_sheet(path))
    assert all(text == "路灯不亮了" for _, text in before) and after == ["y", "路灯"]
    assert str(damaged[1]).encode("utf-8", "surrogateescape") == b"\xff\xfe"


def test_a_character_cut_in_two_by_reading_in_pieces_is_not_damaged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cityloop.channels.tables.csv_files.PIECE", 7)
    assert cells(open_sheet(a_file(tmp_path, quoted(",").encode()))) == ROWS


def test_a_row_whose_cells_are_shifted_is_faulty_and_the_next_is_not(tmp_path: Path) -> None:
    sheet = open_sheet(a_file(tmp_path, b"id,text,address\n1,a,b,c\n2,a\n3,a,b\n"))
    faults = [row.fault for row in sheet.rows]
    counts = [(fault.code, fault.values) if fault else None for fault in faults]
    assert counts == [
        ("row-cell-count", {"cells": 4, "columns": 3}),
        ("row-cell-count", {"cells": 2, "columns": 3}),
        None,
    ]


def test_a_quotation_mark_that_is_never_closed_is_reported_and_reading_continues(tmp_path: Path) -> None:
    sheet = open_sheet(a_file(tmp_path, b'id,text\n1,"' + b"x,\n" * 60_000))
    first, *rest = sheet.rows
    assert first.number == 1 and first.line == 2 and first.fault == Fault("row", "row-open-quotation")
    assert rest


@pytest.mark.parametrize(
    ("content", "reason"),
    [(b"", "empty"), (b"\n\n", "empty"), (b"PK\x03\x04rest", "not a workbook"), (b"PAR1", "Parquet")],
)
def test_a_file_without_a_table_is_refused(tmp_path: Path, content: bytes, reason: str) -> None:
    with pytest.raises(Invalid, match=reason):
        open_sheet(a_file(tmp_path, content))


def test_a_csv_with_more_columns_than_a_sheet_is_refused_before_they_are_compared(tmp_path: Path) -> None:
    content = b"a,b\n" + b"," * 16_384 + b"x\n"
    with pytest.raises(Invalid, match=r"Line 2 has 16385 columns; a table has at most 16384\. Delete the columns"):
        open_sheet(a_file(tmp_path, content))


TITLED = "十一月上报情况表\n填报单位：监督中心,,2026年11月\n\n编 号,内容,地址\n1,灯,北街\n,,\n2,路,南街\n"
TWO_ROWS = "上报情况表,,,\n编号,坐标,,内容\n,经度,纬度,\nA1,120.05,23.05,灯坏了\n合计,,,1\n"


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_the_heading_of_a_csv_is_found_below_titles_where_the_mapping_names_its_columns(
    tmp_path: Path, delimiter: str
) -> None:
    path = a_file(tmp_path, TITLED.replace(",", delimiter).encode())
    sheet = open_sheet(path, WantedTable(frozenset({"编号", "内容"})))
    assert sheet.columns == ("编号", "内容", "地址")
    assert [(row.number, row.line, row.cells[0], row.fault) for row in sheet.rows] == [
        (1, 5, "1", None),
        (2, 7, "2", None),
    ]


@pytest.mark.parametrize("words", [TWO_ROWS, TWO_ROWS.partition("\n")[2]])
def test_two_rows_of_a_heading_of_a_csv_are_joined(tmp_path: Path, words: str) -> None:
    sheet = open_sheet(a_file(tmp_path, words.encode("gb18030")), WantedTable(frozenset({"编号", "坐标 经度", "内容"})))
    assert sheet.columns == ("编号", "坐标 经度", "坐标 纬度", "内容")
    assert cells(sheet) == [["A1", "120.05", "23.05", "灯坏了"]] and len(sheet.totals) == 1


def test_without_a_mapping_the_first_line_of_a_csv_is_its_heading(tmp_path: Path) -> None:
    sheet = open_sheet(a_file(tmp_path, b"a,,c\n,2,3\n4,5,6\n"))
    assert sheet.columns == ("a", "", "c") and cells(sheet) == [["", "2", "3"], ["4", "5", "6"]]


def test_the_lines_of_the_heading_of_a_csv_may_be_given(tmp_path: Path) -> None:
    path = a_file(tmp_path, b"u,v\n\na,b\nx,y\n1,2\n")
    assert open_sheet(path, WantedTable(heading=(3,))).columns == ("a", "b")
    joined = open_sheet(path, WantedTable(heading=(3, 4)))
    assert joined.columns == ("a x", "b y") and [row.line for row in joined.rows] == [5]
    with pytest.raises(Invalid, match="no heading in line 9"):
        open_sheet(path, WantedTable(heading=(9,)))


def test_a_csv_without_the_columns_wanted_shows_those_that_it_seems_to_have(tmp_path: Path) -> None:
    assert (
        open_sheet(a_file(tmp_path, TITLED.encode()), WantedTable(frozenset({"no"}))).columns[0] == "填报单位：监督中心"
    )


def test_parquet_gives_values_across_its_row_groups(tmp_path: Path) -> None:
    at = datetime(2026, 11, 20, 10, tzinfo=UTC)
    table = pa.table(
        {
            "id": ["1", None],
            "lon": [120.5, float("nan")],
            "at": pa.array([at, None], pa.timestamp("us", tz="UTC")),
            "cost": [Decimal("1.50"), None],
            "exact": pa.array([1_480_000_000_123_456_789, None], pa.timestamp("ns")),
        }
    )
    pq.write_table(table, tmp_path / "sheet.parquet", row_group_size=1)
    sheet = open_sheet(tmp_path / "sheet.parquet")
    first, second = sheet.rows
    assert (sheet.length, first.number, second.number) == (2, 1, 2)
    assert first.cells[:4] == ("1", 120.5, at, Decimal("1.50")) and str(first.cells[4]).startswith(
        "2016-11-24 15:06:40"
    )
    assert second.cells[0] is None


def test_a_damaged_parquet_file_reports_how_far_it_was_read(tmp_path: Path) -> None:
    path = tmp_path / "sheet.parquet"
    text = [gzip.compress(str(number).encode()).hex() for number in range(6000)]
    pq.write_table(pa.table({"text": text}), path, row_group_size=3000, use_dictionary=False)
    content = bytearray(path.read_bytes())
    middle = pq.ParquetFile(path).metadata.row_group(1).column(0).data_page_offset
    content[middle : middle + 200] = bytes(200)
    path.write_bytes(content)
    with pytest.raises(NotPossible, match="damaged after row 3000"):
        list(open_sheet(path).rows)
