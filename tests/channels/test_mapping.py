"""What columns mean: a wrong mapping is refused with file, line and field; a right one turns rows into content.

Moments here have no zone: intake puts them into the city's.
"""

from datetime import datetime
from pathlib import Path

import pytest

from cityloop.channels.tables.mapping import Content, ReportMapping
from cityloop.channels.tables.rows import Sheet, TableRow
from cityloop.core.errors import Invalid

COLUMNS = ("no", "what", "when", "day", "x")
PLAIN = "channel: counter\nfields:\n  external_id: {column: no}\n  text: {column: what}\n"


def read(folder: Path, words: str, columns: tuple[str, ...] = COLUMNS) -> ReportMapping:
    path = folder / "map.yaml"
    path.write_text(words, encoding="utf-8")
    return ReportMapping.read(path, Sheet(columns, 0, iter(())), lambda code: code == "09009")


def content(folder: Path, words: str, *cells: object) -> Content:
    return read(folder, words).content(TableRow(1, 2, (*cells, *[None] * (len(COLUMNS) - len(cells)))))


def refusal(folder: Path, words: str) -> str:
    with pytest.raises(Invalid) as refused:
        read(folder, words)
    return refused.value.sentence


@pytest.mark.parametrize(
    ("words", "where", "reason"),
    [
        (PLAIN + "  lat: {colunm: y}\n", "map.yaml:5 fields.lat.colunm", "not a known field"),
        (PLAIN + "  latitude: {column: y}\n", "map.yaml:5 fields.latitude", "not a known field"),
        (PLAIN + "  lat: {column: x, constant: '1'}\n", "map.yaml:5 fields.lat", "Give exactly one of"),
        (PLAIN + "  lat: {column: x, format: '%Y'}\n", "map.yaml:5 fields.lat.format", "not a known field"),
        (PLAIN + "  lat: {column: y}\n", "map.yaml:5 fields.lat.column", "no column y in the file. It has: no, what"),
        (PLAIN.replace("counter", "Our Desk"), "map.yaml:1 channel", "pattern"),
        ("channel: a\nfields: {text: {column: what}}\n", "map.yaml:2 fields.external_id", "must be filled in"),
        (
            PLAIN + "  category: {column: x, words: {a: '1'}}\n",
            "map.yaml:5 fields.category.words.a",
            "1 is not a class of the city",
        ),
        (PLAIN + "  category: {column: x, words: {a: 01001}}\n", "map.yaml:5 fields.category.words.a", "valid string"),
        ("channel: [", "map.yaml", "line "),
    ],
)
def test_a_wrong_mapping_is_refused_with_line_and_field(tmp_path: Path, words: str, where: str, reason: str) -> None:
    sentence = refusal(tmp_path, words)
    assert where in sentence and reason in sentence


def test_a_column_name_that_occurs_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="2 columns what"):
        read(tmp_path, PLAIN, ("no", "what", "what"))


def test_words_of_the_table_are_replaced_and_others_are_not(tmp_path: Path) -> None:
    words = PLAIN + "  category: {column: x, words: {违规停车: '09009'}}\n  crs: {constant: gcj02}\n"
    rows = [content(tmp_path, words, "1", "t", None, None, word) for word in ("违规停车", "其他", None)]
    assert [row["category"] for row in rows] == ["09009", "其他", ""]
    assert {row["crs"] for row in rows} == {"gcj02"} and {row["channel"] for row in rows} == {"counter"}


def test_several_columns_are_joined_without_the_empty_ones(tmp_path: Path) -> None:
    words = PLAIN.replace("{column: what}", "{columns: [what, day, x]}")
    assert content(tmp_path, words, "1", "路灯", None, " ", "不亮")["text"] == "路灯 不亮"


def test_a_moment_is_read_by_the_formats_given(tmp_path: Path) -> None:
    words = PLAIN + "  reported_at: {columns: [when, day], format: ['%Y%m%d %H%M%S', '%Y年%m月%d日']}\n"
    written = (("20230101", "001300"), ("2023年1月2日",))
    moments = [content(tmp_path, words, "1", "t", *cells)["reported_at"] for cells in written]
    assert [moment.isoformat() for moment in moments] == ["2023-01-01T00:13:00", "2023-01-02T00:00:00"]
    with pytest.raises(Invalid, match="reported_at: This is not written as"):
        content(tmp_path, words, "1", "t", "44927.5")


def test_moments_of_a_parquet_file_need_no_format(tmp_path: Path) -> None:
    words = PLAIN + "  reported_at: {column: when, format: '%Y'}\n"
    at = datetime.fromisoformat("2023-01-01T09:00:00")
    assert content(tmp_path, words, "1", "t", at)["reported_at"] == at
    assert content(tmp_path, words, "1", "t", at.date())["reported_at"] == at.replace(hour=0)


@pytest.mark.parametrize("cell", ["2.02301E+12", "2e+17", 2.0e17])
def test_an_id_that_a_spreadsheet_shortened_is_refused(tmp_path: Path, cell: object) -> None:
    with pytest.raises(Invalid, match="A spreadsheet has shortened"):
        content(tmp_path, PLAIN, cell, "t")


@pytest.mark.parametrize(("cell", "words"), [(12.0, "12"), (7, "7"), (" 007 ", "007"), (float("nan"), ""), (None, "")])
def test_an_id_keeps_its_digits_and_an_empty_cell_is_empty(tmp_path: Path, cell: object, words: str) -> None:
    assert content(tmp_path, PLAIN, cell, "t")["external_id"] == words


def test_the_fields_of_the_reporter_are_grouped_and_faults_name_the_column(tmp_path: Path) -> None:
    words = PLAIN + "  reporter_name: {column: x}\n"
    assert content(tmp_path, words, "1", "t", None, None, "张三")["reporter"] == {"name": "张三"}
    assert read(tmp_path, words).name("reporter.name") == "reporter.name (x)"


@pytest.mark.parametrize(
    ("written", "read_as"),
    [
        ("2026/11/1 8:05", "2026-11-01 08:05:00"),
        ("2026.11.1", "2026-11-01 00:00:00"),
        ("2026年11月1日 8时5分", "2026-11-01 08:05:00"),
        ("２０２６－１１－０１　０８：０５：０９", "2026-11-01 08:05:09"),
        (46327, "2026-11-01 00:00:00"),
        (46327.3368055556, "2026-11-01 08:05:00"),
        ("2026/13/1", "2026/13/1"),
        ("2026-11-01T08:05:00+08:00", "2026-11-01T08:05:00+08:00"),
        (20261101, "2026-11-01 00:00:00"),
        ("46327", "2026-11-01 00:00:00"),
        ("46327.3368055556", "2026-11-01 08:05:00"),
        ("2024/3/5 下午 3:05", "2024-03-05 15:05:00"),
        ("2024年3月5日 星期二 上午8点半", "2024-03-05 08:30:00"),
        ("2024/3/5 上午 12:30", "2024-03-05 00:30:00"),
        ("2024/3/5 中午12:10", "2024-03-05 12:10:00"),
        ("2024/3/5 中午1:10", "2024-03-05 13:10:00"),
        ("2024/3/5 晚上 8:05", "2024-03-05 20:05:00"),
        ("2024/3/5 晚上12点", "2024-03-06 00:00:00"),
        ("2024/3/5 凌晨 1:05", "2024-03-05 01:05:00"),
        ("2024-03-05 3:05:09 PM", "2024-03-05 15:05:09"),
        ("2024-03-05 12:05 a.m.", "2024-03-05 00:05:00"),
        ("2024-12-31 24:00", "2025-01-01 00:00:00"),
        ("2024/3/5 上午 15:05", "2024/3/5 上午 15:05"),
    ],
)
def test_moments_are_read_as_people_and_spreadsheets_write_them(tmp_path: Path, written: object, read_as: str) -> None:
    row = content(tmp_path, PLAIN + "  reported_at: {column: when}\n", "1", "lamp", written)
    assert str(row["reported_at"]) == read_as


def test_full_width_digits_of_an_id_become_half_width_and_text_does_not_change(tmp_path: Path) -> None:
    row = content(tmp_path, PLAIN, "Ａ－１２", "３号楼")
    assert (row["external_id"], row["text"]) == ("Ａ－12", "３号楼")


@pytest.mark.parametrize(
    ("written", "degrees"),
    [
        ("112°51′50″", "112.8638889"),
        ("东经112度51分50秒", "112.8638889"),
        ("31°25'13\"N", "31.4202778"),
        ("西经71°03′", "-71.0500000"),
        ("112.86", "112.86"),
        (112.86, 112.86),
        ("112°61′", "112°61′"),
    ],
)
def test_coordinates_are_read_in_degrees_minutes_and_seconds(tmp_path: Path, written: object, degrees: object) -> None:
    assert content(tmp_path, PLAIN + "  lon: {column: when}\n", "1", "lamp", written)["lon"] == degrees


@pytest.mark.parametrize(
    ("written", "layout", "hour"),
    [
        ("2024/3/5 下午 3:05", "%Y/%m/%d 下午 %H:%M", 15),
        ("2024/3/5 下午 3:05", "%Y/%m/%d %p %I:%M", 15),
        ("2024/3/5 中午 11:05", "%Y/%m/%d %p %I:%M", 11),
        ("2024/3/5 早上 8:05", "%Y/%m/%d %p %H:%M", 8),
        ("2024/3/5 3:05 PM", "%Y/%m/%d %H:%M %p", 15),
        ("2024/3/5 12:05 AM", "%Y/%m/%d %I:%M %p", 0),
    ],
)
def test_a_format_does_not_lose_the_half_of_the_day(tmp_path: Path, written: str, layout: str, hour: int) -> None:
    mapping = PLAIN + f"  reported_at: {{column: when, format: '{layout}'}}\n"
    assert content(tmp_path, mapping, "1", "lamp", written)["reported_at"].hour == hour
