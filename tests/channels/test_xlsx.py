"""XLSX as other programs write it: read as a stream, whatever is odd about the file, and refused where it is damaged.

The XML is written here by hand, because no writer makes all that readers meet.
"""

import subprocess
import sys
import zipfile
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st

from cityloop.channels.tables.cells import as_day
from cityloop.channels.tables.rows import Sheet, WantedTable
from cityloop.channels.tables.sheets import open_sheet
from cityloop.channels.tables.xlsx import strings as xlsx_strings
from cityloop.channels.tables.xlsx.cells import column_of, dated
from cityloop.channels.tables.xlsx.parts import FIRST_DAYS, kind_of
from cityloop.channels.tables.xlsx.strings import SharedTexts
from cityloop.core.errors import Invalid, NotPossible, Refusal

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
RELS = "http://schemas.openxmlformats.org/package/2006/relationships"
KIND = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
HEADING = (
    '<row r="1"><c r="A1" t="inlineStr"><is><t>编号</t></is></c><c r="B1" t="inlineStr"><is><t>内容</t></is></c></row>'
)


def relations(*targets: tuple[str, str, str]) -> str:
    lines = (f'<Relationship Id="{key}" Type="{KIND}/{kind}" Target="{to}"/>' for key, kind, to in targets)
    return f'<Relationships xmlns="{RELS}">{"".join(lines)}</Relationships>'


def xlsx(
    folder: Path,
    rows: str,
    *,
    below: str = "",
    above: str = "",
    texts: str | None = None,
    formats: str = "",
    styles: str = "",
    book: str = "",
    sheet: str = '<worksheet xmlns="{main}">{above}<sheetData>{rows}</sheetData>{below}</worksheet>',
    target: str = "worksheets/sheet1.xml",
) -> Path:
    """Write a workbook of one sheet, with the given parts."""
    path = folder / "in.xlsx"
    named = [("r1", "worksheet", target), ("r2", "styles", "styles.xml"), ("r3", "sharedStrings", "/xl/shared.xml")]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("[Content_Types].xml", "<Types/>")
        file.writestr("_rels/.rels", relations(("r1", "officeDocument", "xl/workbook.xml")))
        named_sheet = '<sheets><sheet name="上报" sheetId="1" r:id="r1"/></sheets>'
        file.writestr("xl/workbook.xml", f'<workbook xmlns="{MAIN}" xmlns:r="{KIND}">{book}{named_sheet}</workbook>')
        file.writestr("xl/_rels/workbook.xml.rels", relations(*named[: 3 if texts is not None else 2]))
        file.writestr(
            "xl/styles.xml",
            f'<styleSheet xmlns="{MAIN}"><numFmts>{formats}</numFmts><cellStyleXfs><xf numFmtId="22"/></cellStyleXfs>'
            f"<cellXfs>{styles}</cellXfs></styleSheet>",
        )
        if texts is not None:
            file.writestr("xl/shared.xml", f'<sst xmlns="{MAIN}">{texts}</sst>')
        file.writestr("xl/worksheets/sheet1.xml", sheet.format(main=MAIN, rows=rows, below=below, above=above).encode())
    return path


def cells(sheet: Sheet) -> list[list[Any]]:
    return [list(row.cells) for row in sheet.rows]


def a_line(number: int, *parts: str) -> str:
    return f'<row r="{number}">{"".join(parts)}</row>'


def text(ref: str, words: str) -> str:
    return f'<c r="{ref}" t="inlineStr"><is><t>{words}</t></is></c>'


def test_a_cell_in_the_last_corner_of_the_sheet_costs_nothing(tmp_path: Path) -> None:
    far = a_line(1_048_576, text("XFD1048576", "x"))
    sheet = open_sheet(xlsx(tmp_path, HEADING + a_line(2, text("A2", "A1"), text("B2", "灯"), text("XFD2", "x")) + far))
    assert sheet.columns == ("编号", "内容") and cells(sheet) == [["A1", "灯"]]


def test_a_stray_text_in_the_last_line_is_a_row_with_its_own_number(tmp_path: Path) -> None:
    sheet = open_sheet(xlsx(tmp_path, HEADING + a_line(2, text("A2", "A1")) + a_line(1_048_576, text("A1048576", "x"))))
    assert [(row.number, row.line) for row in sheet.rows] == [(1, 2), (1_048_575, 1_048_576)]


@pytest.mark.parametrize("dimension", ["A1", "A1:XFD1048576", "B7:C9"])
def test_the_size_that_a_sheet_states_is_not_relied_on(tmp_path: Path, dimension: str) -> None:
    path = xlsx(
        tmp_path, HEADING + a_line(2, text("A2", "A1"), text("B2", "灯")), above=f'<dimension ref="{dimension}"/>'
    )
    sheet = open_sheet(path)
    assert sheet.length == 1 and cells(sheet) == [["A1", "灯"]]


def test_shared_texts_keep_their_runs_without_the_phonetic_ones(tmp_path: Path) -> None:
    texts = (
        "<si><t>编号</t></si><si><t>内容</t></si><si><r><t>长江</t></r><r><t xml:space='preserve'> 路</t></r>"
        "<rPh sb='0' eb='1'><t>chang</t></rPh></si><si><t>一_x000D_\n二_x4E09_</t></si>"
    )
    rows = a_line(1, '<c r="A1" t="s"><v>0</v></c><c r="B1" t="s"><v>1</v></c>')
    rows += a_line(2, '<c r="A2" t="s"><v>2</v></c><c r="B2" t="s"><v>3</v></c>')
    assert cells(open_sheet(xlsx(tmp_path, rows, texts=texts))) == [["长江 路", "一\r\n二三"]]


def test_lines_and_cells_without_their_numbers_follow_each_other(tmp_path: Path) -> None:
    a, b = '<c t="inlineStr"><is><t>编号</t></is></c>', '<c t="str"><f>"内"&amp;"容"</f><v>内容</v></c>'
    rows = f"<row>{a}{b}</row><row><c><v>1</v></c><c><v>2.5</v></c></row><row r='5'><c r='B5'><v>7</v></c></row>"
    sheet = open_sheet(xlsx(tmp_path, rows))
    assert sheet.columns == ("编号", "内容")
    assert [(row.line, row.cells) for row in sheet.rows] == [(2, (1, 2.5)), (5, ("", 7))]


def test_names_with_a_prefix_and_of_the_strict_kind_are_read(tmp_path: Path) -> None:
    rows = HEADING + a_line(2, text("A2", "A1"), text("B2", "灯"))
    for tag in ("row", "c", "is", "t"):
        rows = (
            rows.replace(f"<{tag} ", f"<x:{tag} ").replace(f"<{tag}>", f"<x:{tag}>").replace(f"</{tag}>", f"</x:{tag}>")
        )
    sheet = (
        '<x:worksheet xmlns:x="http://purl.oclc.org/ooxml/spreadsheetml/main"><x:sheetData>{rows}</x:sheetData>'
        '<x:mergeCells><x:mergeCell ref="B2:B3"/></x:mergeCells></x:worksheet>'
    )
    third = '<x:row r="3"><x:c r="A3"><x:v>2</x:v></x:c></x:row>'
    assert cells(open_sheet(xlsx(tmp_path, rows + third, sheet=sheet))) == [["A1", "灯"], [2, "灯"]]


def test_values_are_what_the_spreadsheet_shows(tmp_path: Path) -> None:
    own = {170: "yyyy&quot;年&quot;m&quot;月&quot;", 171: "[h]:mm"}
    formats = "".join(f'<numFmt numFmtId="{number}" formatCode="{code}"/>' for number, code in own.items())
    styles = "".join(f'<xf numFmtId="{number}"/>' for number in (0, 14, 22, 20, 170, 171, 2))
    values = [
        ('s="1"><v>46327</v>', date(2026, 11, 1)),
        ('s="2"><v>46327.3368055556</v>', datetime(2026, 11, 1, 8, 5)),  # noqa: DTZ001
        ('s="3"><v>0.25</v>', time(6)),
        ('s="4"><v>46327</v>', date(2026, 11, 1)),
        ('s="5"><v>1.5</v>', timedelta(hours=36)),
        ('s="6"><v>46327</v>', 46327),
        ('s="1"><v>-5</v>', -5),
        ('t="b"><v>1</v>', True),
        ('t="e"><f>1/0</f><v>#DIV/0!</v>', ""),
        ('t="str"><f>A1&amp;1</f><v>灯1</v>', "灯1"),
        ("><f>6*7</f><v>42</v>", 42),
        ("><f>6*7</f>", ""),
        ('t="d"><v>2026-11-01T08:05:00</v>', datetime(2026, 11, 1, 8, 5)),  # noqa: DTZ001
        ("><v>1E3</v>", 1000),
        ("><v>4101010101234567</v>", "4.10101010123457E+15"),
    ]
    letters = "ABCDEFGHIJKLMNO"
    heading = a_line(1, *(text(f"{letter}1", f"列{letter}") for letter in letters))
    line = a_line(2, *(f'<c r="{at}2" {cell}</c>' for at, (cell, _) in zip(letters, values, strict=True)))
    ((*read,),) = cells(open_sheet(xlsx(tmp_path, heading + line, formats=formats, styles=styles)))
    assert [(value, type(value)) for value in read] == [(value, type(value)) for _, value in values]


def test_the_calendar_of_1904_begins_four_years_later(tmp_path: Path) -> None:
    rows = HEADING + a_line(2, text("A2", "A1"), '<c r="B2" s="0"><v>44865</v></c>')
    path = xlsx(tmp_path, rows, styles='<xf numFmtId="14"/>', book='<workbookPr date1904="1"/>')
    assert cells(open_sheet(path)) == [["A1", date(2026, 11, 1)]]


def test_a_newer_element_does_not_hide_the_calendar_and_bare_numbers_are_in_it(tmp_path: Path) -> None:
    rows = HEADING + a_line(2, text("A2", "A1"), '<c r="B2"><v>44865</v></c>')
    newer = '<extLst><ext xmlns:x15="urn:x15"><x15:workbookPr chartTrackingRefBase="1"/></ext></extLst>'
    path = xlsx(tmp_path, rows, book=f'<workbookPr date1904="1"/>{newer}')
    sheet = open_sheet(path)
    assert as_day(next(sheet.rows).cells[1], first_day=sheet.first_day) == date(2026, 11, 1)


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("General", None),
        ("0.00E+00", None),
        ('#,##0.00"元"', None),
        ("[Red]0.00;[Blue]-0.00", None),
        ('0"day"', None),
        (r"0\d", None),
        ("yyyy-mm-dd", "day"),
        ('[$-804]yyyy"年"m"月"d"日";@', "day"),
        ("mmm", "day"),
        ("[$-804]aaaa", "day"),
        ("yyyy/m/d h:mm", "moment"),
        ("h:mm AM/PM", "hour"),
        ("mm:ss.0", "hour"),
        ("[h]:mm:ss", "span"),
        ("[$-F400]h:mm:ss AM/PM", "hour"),
        ("_-* #,##0_-", None),
    ],
)
def test_a_custom_format_distinguishes_dates_from_numbers(code: str, kind: str | None) -> None:
    assert kind_of(code) == kind


def test_days_before_the_leap_day_that_never_was_are_correct() -> None:
    first = FIRST_DAYS[False]
    assert [dated(number, "day", first) for number in (1, 59, 61)] == [
        date(1900, 1, 1),
        date(1900, 2, 28),
        date(1900, 3, 1),
    ]


@given(st.integers(min_value=0, max_value=16_383))
def test_every_column_has_the_number_of_its_letters(number: int) -> None:
    assert column_of(xlsxwriter.utility.xl_col_to_name(number)) == number


@given(st.lists(st.text(st.characters(exclude_characters="\0"))), st.integers(1, 5), st.integers(1, 20))
def test_shared_texts_are_returned_unchanged(written: list[str], page: int, characters: int) -> None:
    with pytest.MonkeyPatch.context() as patch, SharedTexts([]):
        patch.setattr(xlsx_strings, "PAGE_TEXTS", page)
        patch.setattr(xlsx_strings, "PAGE_CHARACTERS", characters)
        patch.setattr(xlsx_strings, "KEPT", 2)
        with SharedTexts(written) as texts:
            backwards = [texts[number] for number in reversed(range(len(written)))]
            assert backwards[::-1] == written == [texts[number] for number in range(len(written))]
            for number in (-1, len(written)):
                with pytest.raises(IndexError):
                    texts[number]


def test_a_hundred_thousand_merged_pairs_are_written_out_in_order(tmp_path: Path) -> None:
    count = 100_000
    lines = "".join(
        a_line(
            line, *([f'<c r="A{line}"><v>{line}</v></c>'] if line % 2 == 0 else []), f'<c r="B{line}"><v>{line}</v></c>'
        )
        for line in range(2, count + 2)
    )
    merged = "".join(f'<mergeCell ref="A{line}:A{line + 1}"/>' for line in reversed(range(2, count + 2, 2)))
    sheet = open_sheet(xlsx(tmp_path, HEADING + lines, below=f"<mergeCells>{merged}</mergeCells>"))
    assert all(row.cells == ((row.line or 0) // 2 * 2, row.line) for row in sheet.rows)


@pytest.mark.parametrize(
    ("parts", "reason"),
    [
        ({"rows": HEADING, "sheet": "<worksheet>{rows}"}, "no element found|mismatched"),
        ({"rows": HEADING, "sheet": '<!DOCTYPE a [<!ENTITY b "c">]><worksheet>{rows}</worksheet>'}, "document type"),
        ({"rows": HEADING, "target": "worksheets/other.xml"}, "worksheets/other.xml is missing"),
        ({"rows": a_line(1, '<c r="A1" t="s"><v>7</v></c>'), "texts": "<si><t>a</t></si>"}, "refers to text 7"),
        ({"rows": a_line(3, text("A3", "b")) + a_line(2, text("A2", "a"))}, "line 2 is below line 3"),
        ({"rows": a_line(9_999_999, text("A1", "a"))}, "line 9999999"),
    ],
)
def test_a_damaged_workbook_is_refused_with_the_reason(tmp_path: Path, parts: dict[str, Any], reason: str) -> None:
    with pytest.raises(Invalid, match=f"in.xlsx: This is not a workbook that can be read.*({reason})"):
        open_sheet(xlsx(tmp_path, **parts))


@pytest.mark.parametrize("part", ["rows", "texts"])
def test_a_workbook_that_unpacks_to_far_more_than_a_table_is_refused_unread(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    monkeypatch.setattr("cityloop.channels.tables.xlsx.parts.SMALL", 1 << 16)
    path = xlsx(tmp_path, **{"rows": HEADING, part: HEADING + " " * (1 << 20)})
    with pytest.raises(Invalid, match=r"unpacks to \d+ times its size\)\. Save the sheet as XLSX or CSV"):
        open_sheet(path)


def test_a_damaged_workbook_reports_how_far_it_was_read(tmp_path: Path) -> None:
    lines = "".join(a_line(line, text(f"A{line}", f"A{line}"), text(f"B{line}", "灯")) for line in range(2, 9_000))
    sheet = open_sheet(xlsx(tmp_path, HEADING + lines + "<row r='9000'><c></row>"))
    with pytest.raises(NotPossible, match=r"in\.xlsx is damaged after line \d{4}: mismatched tag"):
        list(sheet.rows)


def test_a_workbook_cut_off_by_a_bad_copy_is_refused(tmp_path: Path) -> None:
    path = xlsx(tmp_path, HEADING)
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(Invalid, match="not a workbook that can be read"):
        open_sheet(path)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Return the parts of a workbook without faults."""
    path = tmp_path_factory.mktemp("whole") / "in.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        days = book.add_format({"num_format": "yyyy-mm-dd"})
        for line, cells in enumerate([("编号", "内容", "日期"), ("A1", "灯坏了", 46327), ("A2", "路坏了", 46328)]):
            sheet.write_row(line, 0, cells, days)
        sheet.merge_range("A3:A4", "A2")
    with zipfile.ZipFile(path) as file:
        return {name: file.read(name) for name in file.namelist()}


@given(st.data())
def test_any_changed_workbook_is_read_or_refused(
    whole: dict[str, bytes], tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    name = data.draw(st.sampled_from(sorted(whole)))
    at = data.draw(st.integers(0, len(whole[name])))
    put = data.draw(st.sampled_from([b"", b"-1", b"99999999999", b"nan", b"x", b"<c>", b"</row>", b'"', b"\xff"]))
    changed = whole[name][:at] + put + whole[name][at + data.draw(st.integers(0, 12)) :]
    path = tmp_path_factory.getbasetemp() / "changed.xlsx"
    with zipfile.ZipFile(path, "w") as file:
        for other, content in whole.items():
            file.writestr(other, changed if other == name else content)
    try:
        assert all(len(row.cells) == len(sheet.columns) for sheet in [open_sheet(path)] for row in sheet.rows)
    except Refusal as refused:
        assert path.name in refused.sentence


def encrypted(folder: Path) -> Path:
    """Write the beginning of an XLSX with a password: a container of the old kind with the names of its parts."""
    path = folder / "secret.xlsx"
    head = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504)
    entries = b"".join(name.encode("utf-16-le").ljust(128, b"\0") for name in ("Root Entry", "EncryptedPackage"))
    path.write_bytes(head + entries)
    return path


def test_a_workbook_with_a_password_is_refused_as_such(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match=r"secret\.xlsx: This is protected by a password\. Save it without one"):
        open_sheet(encrypted(tmp_path))


def test_an_archive_with_a_password_is_refused_as_such(tmp_path: Path) -> None:
    path = xlsx(tmp_path, HEADING)
    content = bytearray(path.read_bytes())
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = content.find(signature)
        while at >= 0:
            content[at + offset] |= 1
            at = content.find(signature, at + 1)
    path.write_bytes(content)
    with pytest.raises(Invalid, match="is protected by a password"):
        open_sheet(path)


def test_no_file_stays_open_or_on_the_disk_when_a_sheet_is_not_read_to_its_end(tmp_path: Path) -> None:
    lines = "".join(a_line(line, text(f"A{line}", "x"), text(f"B{line}", "y")) for line in range(2, 5_000))
    sheet = open_sheet(xlsx(tmp_path, HEADING + lines), WantedTable(frozenset({"编号"})))
    next(sheet.rows)
    sheet.rows.close()  # type: ignore[attr-defined]
    assert not [file for file in Path("/proc/self/fd").iterdir() if file.exists() and file.resolve().name == "in.xlsx"]


PEAK = """
import sys
from pathlib import Path
from cityloop.channels.tables import workbooks
from cityloop.channels.tables.sheets import open_sheet

def peak():
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))

before = peak()
sheet = open_sheet(Path(sys.argv[1]))
print(sum(1 for _ in sheet.rows), peak() - before)
"""


@pytest.mark.parametrize("shares_texts", [True, pytest.param(False, marks=pytest.mark.weekly)])
def test_sixty_thousand_rows_take_little_memory(tmp_path: Path, *, shares_texts: bool) -> None:
    rows = 60_000
    with xlsxwriter.Workbook(tmp_path / "big.xlsx", {"constant_memory": not shares_texts}) as book:
        paper = book.add_worksheet()
        paper.write_row(0, 0, ["编号", "内容", "lon", "lat", "kind", "at"])
        for line in range(1, rows + 1):
            cells = [f"K{line}", f"长江路{line}号路灯不亮，请尽快修理", 120.05, 23.05, "灯", "2026-11-01 08:00"]
            paper.write_row(line, 0, cells)
    reading = subprocess.run(
        [sys.executable, "-c", PEAK, str(tmp_path / "big.xlsx")], capture_output=True, check=True, text=True
    )
    read, kib = map(int, reading.stdout.split())
    assert read == rows
    assert kib < 25 * 1024, "held in memory they would take 36 MiB, and a million 600"
