"""Figures as a workbook that explains itself, or as CSV. indicators/counting.py counts them.

Texts never become formulas. — means that there was nothing to count.
"""

import csv as csv_format
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from zoneinfo import ZoneInfo

from cityloop.channels.tables.rejects.files import plain
from cityloop.core.indicators.indicator import NOTHING, FigureCount, FigureUnit, Indicator
from cityloop.evaluation.facts.objects import Naming, grouping_title
from cityloop.evaluation.indicators.appraising import Appraisal, indicators
from cityloop.evaluation.indicators.texts import IndicatorBook
from cityloop.evaluation.measures.compiling import Key
from cityloop.evaluation.sheets.lines import (
    WORDS,
    Say,
    amount_words,
    code_of,
    lines,
    object_cells,
    object_heads,
    title,
)
from cityloop.evaluation.sheets.paper import NARROW, Cell, SheetPaper

PARTS = ("value", "numerator", "denominator")
ONE_PAGE = 16  # columns that are printed on the width of one page
EXACT = 10**15  # a longer number would lose digits in a spreadsheet


@dataclass(frozen=True, slots=True)
class Grid:
    """Figures as laid out on a sheet: columns that name the row, then figures, each under its head."""

    lead: tuple[str, ...]
    heads: tuple[tuple[str, bool], ...]  # each with whether its figures are ratios
    rows: tuple[tuple[tuple[str, ...], tuple[tuple[Indicator, FigureCount], ...]], ...]


def csv(appraisal: Appraisal, book: IndicatorBook, names: Naming, language: str = "zh") -> str:
    """Return the figures as CSV, one a row. No cell is taken for a formula."""
    say = WORDS[language].__getitem__
    paper = io.StringIO()
    writer = csv_format.writer(paper)
    writer.writerow(
        [
            say("period"),
            *object_heads(appraisal, language),
            say("indicator_code"),
            say("indicator"),
            *map(say, PARTS),
            say("unit"),
        ]
    )
    for line in lines(appraisal, book):
        indicator, tally = line.indicator, line.tally
        value = indicator.value(tally)
        cells = [
            line.period,
            *object_cells(appraisal, line.key, names, say),
            code_of(indicator),
            title(indicator, language),
            NOTHING if value is None else f"{value:f}",
            amount_words(tally.numerator),
            "" if tally.denominator is None else amount_words(tally.denominator),
            indicator.unit.sign,
        ]
        writer.writerow([plain(cell) for cell in cells])
    return paper.getvalue()


def workbook(appraisal: Appraisal, book: IndicatorBook, names: Naming, language: str = "zh") -> bytes:
    """Return the figures as a workbook: a sheet with the numbers, and one that explains them."""
    from xlsxwriter import Workbook

    file = io.BytesIO()
    written = Workbook(file, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    # The same figures are the same file.
    written.set_properties({"created": appraisal.as_of.replace(tzinfo=None), "author": "CityLoop"})
    say = WORDS[language].__getitem__
    figures = SheetPaper(written, written.add_worksheet(say("figures")))
    _draw(figures, _grid(appraisal, book, names, language), _caption(appraisal, book, say), say)
    notes = SheetPaper(written, written.add_worksheet(say("notes")))
    _explain(notes, appraisal, book, names, language)
    written.close()
    return file.getvalue()


def _grid(appraisal: Appraisal, book: IndicatorBook, names: Naming, language: str) -> Grid:
    """Return objects down and indicators across or, without grouping, indicators down and periods across."""
    say = WORDS[language].__getitem__
    chosen = tuple(indicators(book, appraisal.asking.indicators).values())
    found = {
        (line.period, line.key, line.indicator.code, line.indicator.variant): line.tally
        for line in lines(appraisal, book)
    }
    periods = appraisal.asking.periods

    def across(period: str, key: Key | None) -> tuple[tuple[Indicator, FigureCount], ...]:
        return tuple((indicator, found[period, key, indicator.code, indicator.variant]) for indicator in chosen)

    if not appraisal.asking.by:
        periods_across = tuple((period, any(indicator.denominator for indicator in chosen)) for period in periods)
        whole = zip(*(across(period, None) for period in periods), strict=True)
        totals = tuple(((code_of(row[0][0]), title(row[0][0], language)), row) for row in whole)
        return Grid((say("indicator_code"), say("indicator")), periods_across, totals)
    heads = tuple((title(indicator, language), bool(indicator.denominator)) for indicator in chosen)
    rows = tuple(
        ((period, *object_cells(appraisal, key, names, say)), across(period, key))
        for period in periods
        for key in (*appraisal.keys, None)
    )
    return Grid((say("period"), *object_heads(appraisal, language)), heads, rows)


def _draw(paper: SheetPaper, grid: Grid, caption: str, say: Say) -> None:
    sheet, across = paper.sheet, len(grid.lead)
    sheet.merge_range(0, 0, 0, max(across, 6), "")
    paper.put(0, 0, caption, fits=False, bold=True)
    for place, text in enumerate(grid.lead):
        paper.head(1, 2, place, place, text)
        paper.widths[place] = NARROW
    for text, is_ratio in grid.heads:
        last = across + (len(PARTS) - 1 if is_ratio else 0)
        if is_ratio:
            paper.head(1, 1, across, last, text)
            for place, part in enumerate(PARTS):
                paper.head(2, 2, across + place, across + place, say(part))
        else:
            paper.head(1, 2, across, across, text)
        paper.widths.update(dict.fromkeys(range(across, last + 1), 10))
        across = last + 1
    for number, (lead, figures) in enumerate(grid.rows, start=3):
        _draw_row(paper, number, lead, figures, grid.heads)
    paper.fit()
    sheet.set_row(1, 42)
    sheet.freeze_panes(3, len(grid.lead))
    sheet.repeat_rows(1, 2)
    sheet.repeat_columns(0, len(grid.lead) - 1)
    sheet.fit_to_pages(1 if across <= ONE_PAGE else 0, 0)


def _draw_row(
    paper: SheetPaper,
    number: int,
    lead: Sequence[str],
    figures: Sequence[tuple[Indicator, FigureCount]],
    heads: Sequence[tuple[str, bool]],
) -> None:
    for place, text in enumerate(lead):
        paper.put(number, place, text, border=1)
    across = len(lead)
    for (indicator, tally), (_, is_ratio) in zip(figures, heads, strict=True):
        cells = _figure(indicator, tally)
        for place, (value, shown) in enumerate(cells if is_ratio else cells[:1]):
            paper.put(number, across + place, value, border=1, align="right", num_format=shown)
        across += len(PARTS) if is_ratio else 1


def _figure(indicator: Indicator, tally: FigureCount) -> tuple[tuple[Cell, str], ...]:
    """Return a figure with its numerator and denominator, each with how a spreadsheet shows it."""
    value, shown = indicator.value(tally), _shown(indicator)
    scale = (
        FigureUnit.PERCENT.factor if indicator.unit is FigureUnit.PERCENT else 1
    )  # a spreadsheet multiplies percentages itself
    parts = [tally.numerator, tally.denominator] if indicator.denominator else [None, None]
    return (
        (NOTHING, "@") if value is None else (_number(Fraction(value) / scale), shown),
        *(
            ("", "@") if part is None else (_number(part), "#,##0" if part.denominator == 1 else "#,##0.######")
            for part in parts
        ),
    )


def _shown(indicator: Indicator) -> str:
    places = f".{'0' * indicator.places}" if indicator.places else ""
    suffixes = {FigureUnit.PERCENT: "%", FigureUnit.PER_MILLE: '"‰"', FigureUnit.HOURS: '" h"'}
    return f"{'#,##0' if indicator.unit is FigureUnit.COUNT else '0'}{places}{suffixes.get(indicator.unit, '')}"


def _number(amount: Fraction) -> Cell:
    if abs(amount) >= EXACT:
        return amount_words(amount)
    return int(amount) if amount.denominator == 1 else float(amount)


def _caption(appraisal: Appraisal, book: IndicatorBook, say: Say) -> str:
    """Return the one line above the figures."""
    only = "; ".join(
        f"{name} = {', '.join(str(value) for value in values)}" for name, values in appraisal.asking.only.items()
    )
    parts = (book.standard, f"{say('as_of')} {_local(appraisal.as_of, appraisal)}", only and f"{say('only')}: {only}")
    return "  ·  ".join(filter(None, parts))


def _explain(paper: SheetPaper, appraisal: Appraisal, book: IndicatorBook, names: Naming, language: str) -> None:
    """Write what the figures are over, how each is calculated, and the digests to count them again."""
    say = WORDS[language].__getitem__
    row = 0
    for head, text in _fact_notes(appraisal, book, names, language):
        paper.put(row, 0, head, bold=True)
        paper.put(row, 1, text, fits=False)
        row += 1
    paper.put(row, 0, say("nothing"), fits=False)
    row += 2
    heads = ("indicator_code", "indicator", "formula", "unit", "variant", "excludes", "clause", "basis")
    for place, head in enumerate(heads):
        paper.head(row, row, place, place, say(head))
        paper.widths[place] = max(paper.widths.get(place, 0), NARROW)
    for indicator in indicators(book, appraisal.asking.indicators).values():
        row += 1
        for place, cell in enumerate(_indicator_notes(indicator, book, language)):
            paper.put(row, place, cell, border=1, text_wrap=True, valign="top")
    paper.fit()
    paper.sheet.fit_to_pages(1, 0)


def _fact_notes(appraisal: Appraisal, book: IndicatorBook, names: Naming, language: str) -> Iterator[tuple[str, str]]:
    say, asking = WORDS[language].__getitem__, appraisal.asking
    for period in asking.read_periods(ZoneInfo(appraisal.zone)):
        start, end = (_local(moment, appraisal) for moment in (period.start, period.end))
        yield say("period"), f"{period.name}: {say('from')} {start}, {say('to')} {end}"
    yield say("by"), ", ".join(grouping_title(column, language) for column in asking.by) or say("without")
    for column, values in asking.only.items():
        texts = ", ".join(f"{names(column, value)} {value or ''}".strip() for value in values)
        yield say("only"), f"{grouping_title(column, language)}: {texts}"
    yield say("as_of"), _local(appraisal.as_of, appraisal)
    yield say("facts"), appraisal.facts
    yield say("pack"), f"{appraisal.pack} ({book.standard})"
    yield say("book"), appraisal.book
    yield say("appraisal"), appraisal.digest


def _indicator_notes(indicator: Indicator, book: IndicatorBook, language: str) -> tuple[str, ...]:
    say = WORDS[language].__getitem__
    return (
        code_of(indicator),
        title(indicator, language),
        book.formula(indicator, language),
        indicator.unit.sign,
        indicator.variants[indicator.variant].title[language] if indicator.variant else "",
        ", ".join(book.exclusions[name][language] for name in indicator.excludes),
        indicator.clause,
        say(indicator.basis),
    )


def _local(moment: datetime, appraisal: Appraisal) -> str:
    return f"{moment.astimezone(ZoneInfo(appraisal.zone)):%Y-%m-%d %H:%M:%S}"
