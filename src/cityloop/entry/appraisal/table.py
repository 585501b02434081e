"""Prints figures, indicators and differences to the terminal. They are counted in evaluation/indicators."""

import sys
from collections.abc import Iterable, Sequence
from zoneinfo import ZoneInfo

import click
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from cityloop.core.indicators.indicator import NOTHING, FigureCount, Indicator
from cityloop.evaluation.facts.objects import Naming, grouping_title
from cityloop.evaluation.indicators.appraising import Appraisal, indicators
from cityloop.evaluation.indicators.runs import FigureDifference
from cityloop.evaluation.indicators.texts import IndicatorBook
from cityloop.evaluation.measures.compiling import Key
from cityloop.evaluation.sheets.lines import WORDS, FigureLine, amount_words, lines, title

WIDTH = 160  # columns, when the output is not a terminal


def print_figures(appraisal: Appraisal, book: IndicatorBook, names: Naming, language: str) -> None:
    """Print every figure with its numerator and denominator, and the facts that they are counted from."""
    say = WORDS[language].__getitem__
    heads = [
        say("period"),
        *(grouping_title(column, language).capitalize() for column in appraisal.asking.by),
        say("indicator"),
    ]
    rows: list[tuple[str, ...]] = []
    before: tuple[str, ...] = ()
    for line in lines(appraisal, book):
        lead = (line.period, *_object(appraisal, line.key, names, language))
        same = lead == before
        rows.append((*(("",) * len(lead) if same else lead), *_figure(line, language)))
        before = lead
    _print([*heads, say("value"), say("numerator"), say("denominator")], rows, numbers=3)
    local = appraisal.as_of.astimezone(ZoneInfo(appraisal.zone))
    click.echo(f"{say('as_of')}: {local:%Y-%m-%d %H:%M:%S}  ·  {appraisal.pack} ({book.standard})")
    if NOTHING in (row[-3] for row in rows):
        click.echo(say("nothing"))


def print_indicators(book: IndicatorBook, codes: Sequence[str] | None, language: str) -> None:
    """Print all indicators of a book, or some of them with the SQL of their counts."""
    if codes is None:
        chosen: Iterable[Indicator] = book.indicators.values()
    else:
        chosen = indicators(book, codes).values()
    for indicator in chosen:
        suffix = f":{indicator.variant}" if indicator.variant else ""
        click.echo(f"{indicator.code}{suffix}  {indicator.title['zh']} · {indicator.title['en']}")
        click.echo(f"    {book.formula(indicator, language)}")
        click.echo(f"    {indicator.clause}, {WORDS[language][indicator.basis]}; of {', '.join(indicator.subjects)}")
        for name, variant in indicator.variants.items() if indicator.variant is None else ():
            click.echo(f"    :{name}  {variant.title['zh']} · {variant.title['en']}")
        if codes is not None:
            _print_sql(book, indicator)


def print_differences(differences: Sequence[FigureDifference]) -> None:
    """Print the figures that differ from the saved ones."""
    if differences:
        rows = [
            [
                difference.period,
                _key(difference.key),
                difference.indicator,
                _amounts(difference.saved),
                _amounts(difference.counted),
            ]
            for difference in differences
        ]
        _print(["period", "of", "indicator", "saved", "counted"], rows, numbers=2)


def _print_sql(book: IndicatorBook, indicator: Indicator) -> None:
    for term in indicator.terms:
        counting = book.counting(term.count, indicator.excludes)
        click.echo(f"\n  {term.count}: {book.counts[term.count].title['zh']}")
        click.echo("\n".join(f"    {line}" for line in counting.measure.words.strip().splitlines()))
        for column, other in counting.columns.items():
            click.echo(f"    broken down by {column}: the column {other}")
        for name in indicator.excludes:
            click.echo(f"    without {name}: {book.claims[name]}")


def _print(heads: Sequence[str], rows: Iterable[Sequence[str]], numbers: int) -> None:
    """Print a table whose last columns are numbers."""
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for place, head in enumerate(heads):
        is_number = place >= len(heads) - numbers
        table.add_column(Text(head), justify="right" if is_number else "left", no_wrap=is_number)
    for row in rows:
        table.add_row(*map(Text, row))
    Console(width=None if sys.stdout.isatty() else WIDTH, highlight=False).print(table)


def _object(appraisal: Appraisal, key: Key | None, names: Naming, language: str) -> tuple[str, ...]:
    by = appraisal.asking.by
    if key is None:
        return tuple(WORDS[language]["whole"] if place == 0 else "" for place in range(len(by)))
    return tuple(
        name if name == value else f"{name} {value or ''}".strip()
        for value, name in ((value, names(column, value)) for column, value in zip(by, key, strict=True))
    )


def _figure(line: FigureLine, language: str) -> tuple[str, ...]:
    indicator, tally = line.indicator, line.tally
    value = indicator.value(tally)
    written = NOTHING if value is None else f"{value:,f}{indicator.unit.sign}"
    parts = () if tally.denominator is None else (tally.numerator, tally.denominator)
    return (title(indicator, language), written, *(amount_words(part, thousands=",") for part in parts)) + ("",) * (
        2 - len(parts)
    )


def _key(key: Key | None) -> str:
    return "all together" if key is None else " / ".join(NOTHING if value is None else value for value in key)


def _amounts(tally: FigureCount | None) -> str:
    if tally is None:
        return "no figure"
    return " / ".join(amount_words(amount) for amount in (tally.numerator, tally.denominator) if amount is not None)
