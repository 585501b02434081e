"""Figures on sheets, read back as a spreadsheet reads them: numbers are numbers, texts are texts, — is nothing."""

import csv as csv_format
import io
import zipfile
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from python_calamine import CalamineWorkbook

from cityloop.core.indicators.indicator import NOTHING, FigureCount, FigureUnit, Indicator, Term
from cityloop.evaluation.facts.files import Edition, FactFolder
from cityloop.evaluation.facts.names import names_in
from cityloop.evaluation.facts.objects import TITLES, Naming, grouping_title, naming
from cityloop.evaluation.facts.relations import FACTS
from cityloop.evaluation.indicators.appraising import Appraisal, Asking, indicators
from cityloop.evaluation.indicators.counting import appraised
from cityloop.evaluation.indicators.texts import IndicatorBook, read_book
from cityloop.evaluation.sheets.appraisal import csv, workbook
from cityloop.evaluation.sheets.lines import WORDS, amount_words
from cityloop.registry.packs.reading import SHIPPED
from fact_folders import kept

BOOK = read_book(SHIPPED / "gbt30428-4")
SOME = ("register", "dispose_in_time_rate", "dispose_in_time_rate:by_due", "satisfaction_rate")
MONTHS = ("2026-05", "2026-06")
Sheets = dict[str, list[list[Any]]]


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> tuple[FactFolder, Edition]:
    return kept(tmp_path_factory.mktemp("facts"))


def counted(city: tuple[FactFolder, Edition], scratch: Path, *by: str, codes: tuple[str, ...] = SOME) -> Appraisal:
    return appraised(*city, "gbt30428-4", BOOK, Asking(codes, MONTHS, by, {"unit": ("roads-1", "roads-2")}), scratch)


def called(city: tuple[FactFolder, Edition], language: str = "zh") -> Naming:
    return naming(names_in(*city), language)


def read(content: bytes) -> Sheets:
    book = CalamineWorkbook.from_filelike(io.BytesIO(content))
    return {name: book.get_sheet_by_name(name).to_python(skip_empty_area=False) for name in book.sheet_names}


def test_the_numbers_of_a_workbook_are_those_counted(city: tuple[FactFolder, Edition], tmp_path: Path) -> None:
    found = counted(city, tmp_path, "district")
    rows = read(workbook(found, BOOK, called(city)))["指标值"][3:]
    assert len(rows) == len(MONTHS) * (len(found.keys) + 1)
    known = {("榕东区", "490101"): ("490101",), ("=榕西区", "490102"): ("490102",), ("（无）", ""): (None,)}
    chosen = indicators(BOOK, SOME)
    for period, name, code, *cells in rows:
        tallies = found.whole[period] if name == "合计" else found.lines[period, known[name, code]]
        expected: list[Any] = []
        for asked_code in SOME:
            value, tally = chosen[asked_code].value(tallies[asked_code]), tallies[asked_code]
            if tally.denominator is None:
                expected.append(float(tally.numerator))
            else:
                share = NOTHING if value is None else float(Fraction(value) / 100)
                expected += [share, float(tally.numerator), float(tally.denominator)]
        assert cells == expected
    assert {row[1] for row in rows} == {"榕东区", "=榕西区", "（无）", "合计"}


def test_a_workbook_explains_its_figures(city: tuple[FactFolder, Edition], tmp_path: Path) -> None:
    found = counted(city, tmp_path, "district")
    sheets = read(workbook(found, BOOK, called(city)))
    head, notes = sheets["指标值"][:3], sheets["说明"]
    assert head[0][0] == "GB/T 30428.4-2016  ·  数据时点 2026-08-01 08:00:00  ·  仅限: unit = roads-1, roads-2"
    assert head[1][:8] == ["时段", "区县", "区县代码", "立案数", "按期处置率", "", "", "按期处置率（以本期到期的计）"]
    assert head[2][3:8] == ["", "值", "分子", "分母", "值"]
    notes_by_head = {row[0]: row[1] for row in notes if row[0]}
    assert (notes_by_head["数据摘要（SHA-256）"], notes_by_head["指标摘要（SHA-256）"]) == (city[1].digest, BOOK.digest)
    assert notes_by_head["统计结果摘要（SHA-256）"] == found.digest
    assert ["时段", "2026-06: 自（含） 2026-06-01 00:00:00, 至（不含） 2026-07-01 00:00:00"] in [
        row[:2] for row in notes
    ]
    (by_due,) = [row for row in notes if row[0] == "dispose_in_time_rate:by_due"]
    formula = BOOK.formula(indicators(BOOK, SOME)["dispose_in_time_rate:by_due"], "zh")
    assert by_due[2:] == [
        formula,
        "%",
        "以本期到期的计",
        "作废, 申诉免责",
        "GB/T 30428.4-2016",
        "与该标准的一个实现一致",
    ]


def test_without_grouping_the_indicators_are_below_each_other(city: tuple[FactFolder, Edition], tmp_path: Path) -> None:
    found = counted(city, tmp_path)
    rows = read(workbook(found, BOOK, called(city, "en"), "en"))["Figures"]
    assert rows[1] == ["Indicator code", "Indicator", "2026-05", "", "", "2026-06", "", ""]
    assert [row[0] for row in rows[3:]] == list(SOME)
    june = found.whole["2026-06"]
    assert rows[3][5:] == [float(june["register"].numerator), "", ""]
    rate = june["dispose_in_time_rate"]
    assert rate.denominator and rows[4][6:] == [float(rate.numerator), float(rate.denominator)]


def test_where_there_was_nothing_to_count_there_is_a_dash_and_not_a_zero(tmp_path: Path) -> None:
    city = kept(tmp_path / "facts", {name: [] for name in FACTS})
    found = counted(city, tmp_path)
    rows = read(workbook(found, BOOK, called(city)))["指标值"][3:]
    assert rows[0][2] == 0.0  # a count of nothing
    assert rows[1][2:5] == [NOTHING, 0.0, 0.0]
    shown = [row[3:6] for row in csv_rows(csv(found, BOOK, called(city)))[1:5]]
    assert shown == [["0", "0", ""], *[[NOTHING, "0", "0"]] * 3]


def test_no_cell_becomes_a_formula(city: tuple[FactFolder, Edition], tmp_path: Path) -> None:
    found = counted(city, tmp_path, "district")
    content = workbook(found, BOOK, called(city))
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        sheet = archive.read("xl/worksheets/sheet1.xml").decode()
        styles = archive.read("xl/styles.xml").decode()
    assert "<f>" not in sheet and 'quotePrefix="1"' in styles
    names = [row[1] for row in csv_rows(csv(found, BOOK, called(city)))]
    assert "'=榕西区" in names and "=榕西区" not in names


def test_a_workbook_is_printed_on_a4_with_its_heads_on_every_page(
    city: tuple[FactFolder, Edition], tmp_path: Path
) -> None:
    content = workbook(counted(city, tmp_path, "district"), BOOK, called(city))
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        sheet, book = (archive.read(f"xl/{name}.xml").decode() for name in ("worksheets/sheet1", "workbook"))
    assert 'paperSize="9"' in sheet and 'orientation="landscape"' in sheet
    assert 'state="frozen"' in sheet and "指标值!$A:$C,指标值!$2:$3" in book


def test_the_same_figures_are_the_same_workbook(city: tuple[FactFolder, Edition], tmp_path: Path) -> None:
    first, second = (workbook(counted(city, tmp_path, "unit"), BOOK, called(city)) for _ in range(2))
    assert first == second


def csv_rows(text: str) -> list[list[str]]:
    return list(csv_format.reader(io.StringIO(text)))


def test_a_csv_has_one_figure_a_row(city: tuple[FactFolder, Edition], tmp_path: Path) -> None:
    found = counted(city, tmp_path, "district", "source")
    head, *rows = csv_rows(csv(found, BOOK, called(city, "en"), "en"))
    assert head[:5] == ["Period", "District", "District code", "Channel", "Channel code"]
    assert head[5:] == ["Indicator code", "Indicator", "Value", "Numerator", "Denominator", "Unit"]
    assert len(rows) == len(MONTHS) * len(SOME) * (len(found.keys) + 1)
    (row,) = [
        row for row in rows if row[:6] == ["2026-06", "榕东区", "490101", "热线", "12345", "dispose_in_time_rate"]
    ]
    tally = found.tally("dispose_in_time_rate", "2026-06", ("490101", "12345"))
    assert tally and tally.denominator
    share = BOOK.indicators["dispose_in_time_rate"].value(tally)
    assert row[6:] == ["Share handled in time", str(share), str(tally.numerator), str(tally.denominator), "%"]


@pytest.mark.parametrize(
    ("unit", "places", "tally", "cell", "shown"),
    [
        (FigureUnit.PERCENT, 2, FigureCount(Fraction(2), Fraction(3)), "0.6667", "0.00%"),
        (FigureUnit.PER_MILLE, 1, FigureCount(Fraction(2), Fraction(3)), "666.7", "0.0&quot;‰&quot;"),
        (FigureUnit.HOURS, 1, FigureCount(Fraction(5400), Fraction(1)), "1.5", "0.0&quot; h&quot;"),
        (FigureUnit.RATIO, 3, FigureCount(Fraction(1), Fraction(8)), "0.125", "0.000"),
    ],
)
def test_each_unit_is_shown_as_it_is_written(
    city: tuple[FactFolder, Edition], unit: FigureUnit, places: int, tally: FigureCount, cell: str, shown: str
) -> None:
    terms = (Term("register"),), (Term("dispose"),)
    indicator = Indicator("x", {"zh": "甲", "en": "X"}, unit, *terms, basis="usual", places=places)
    book = IndicatorBook("S", BOOK.counts, {}, {"x": indicator}, {})
    found = Appraisal(
        Asking(("x",), ("2026-06",)), "f", city[1].as_of, "Asia/Shanghai", "p", "b", {}, {"2026-06": {"x": tally}}
    )
    with zipfile.ZipFile(io.BytesIO(workbook(found, book, called(city)))) as archive:
        sheet, styles = (archive.read(f"xl/{name}.xml").decode() for name in ("worksheets/sheet1", "styles"))
    assert f"<v>{cell}</v>" in sheet
    assert f'formatCode="{shown}"' in styles or (shown == "0.00%" and 'numFmtId="10"' in styles)


def test_counts_are_written_as_decimals() -> None:
    assert [amount_words(Fraction(amount)) for amount in ("0", "1200", "7/2", "-1/8")] == ["0", "1200", "3.5", "-0.125"]
    assert amount_words(Fraction(1234567), thousands=",") == "1,234,567"
    assert Decimal(amount_words(Fraction(12345678901, 10**7))) == Decimal("1234.5678901")


def test_every_column_that_figures_are_grouped_by_has_a_title() -> None:
    assert {column for relation in FACTS.values() for column in relation.groupings} == set(TITLES)
    assert grouping_title("community", "zh") == "社区" and grouping_title("new", "zh") == "new"
    assert set(WORDS["zh"]) == set(WORDS["en"])


def test_objects_are_called_as_the_facts_name_them(city: tuple[FactFolder, Edition]) -> None:
    say = called(city)
    assert [say("unit", "roads"), say("department", "parks"), say("source", "12345")] == [
        "市政道路处",
        "园林处",
        "热线",
    ]
    assert say("category", "06010") == "暴露垃圾 / 道路遗撒"  # two catalogues have a class of that code
    assert [say("district", "490199"), say("district", None), say("person", "account/1")] == [
        "490199",
        "（无）",
        "account/1",
    ]
