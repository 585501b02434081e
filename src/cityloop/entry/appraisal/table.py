"""Figures, indicators and differences as a terminal shows them. Counting is done elsewhere."""

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

WIDTH = 160  # where nobody looks on, such as in a file


def print_figures(appraisal: Appraisal, book: IndicatorBook, names: Naming, language: str) -> None:
    """Print every figure with its numerator and denominator, and of what they are."""
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
    """Print indicators of a book: all of them, or some with the SQL of their counts."""
    if codes is None:
        chosen: Iterable[Indicator] = book.indicators.values()
    else:
        chosen = indicators(book, codes).values()
    for one in chosen:
        variant = f":{one.variant}" if one.variant else ""
        click.echo(f"{one.code}{variant}  {one.title['zh']} · {one.title['en']}")
        click.echo(f"    {book.formula(one, language)}")
        click.echo(f"    {one.clause}, {WORDS[language][one.basis]}; of {', '.join(one.subjects)}")
        for name, way in one.variants.items() if one.variant is None else ():
            click.echo(f"    :{name}  {way.title['zh']} · {way.title['en']}")
        if codes is not None:
            _print_sql(book, one)


def print_differences(differences: Sequence[FigureDifference]) -> None:
    """Print the figures that are not what was said."""
    if differences:
        rows = [
            [found.period, _key(found.key), found.indicator, _amounts(found.saved), _amounts(found.counted)]
            for found in differences
        ]
        _print(["period", "of", "indicator", "said", "counted"], rows, numbers=2)


def _print_sql(book: IndicatorBook, one: Indicator) -> None:
    for term in one.terms:
        counting = book.counting(term.count, one.excludes)
        click.echo(f"\n  {term.count}: {book.counts[term.count].title['zh']}")
        click.echo("\n".join(f"    {line}" for line in counting.measure.words.strip().splitlines()))
        for column, other in counting.columns.items():
            click.echo(f"    told apart by {column}: the column {other}")
        for name in one.excludes:
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
    one, tally = line.indicator, line.tally
    value = one.value(tally)
    written = NOTHING if value is None else f"{value:,f}{one.unit.sign}"
    parts = () if tally.denominator is None else (tally.numerator, tally.denominator)
    return (title(one, language), written, *(amount_words(part, thousands=",") for part in parts)) + ("",) * (
        2 - len(parts)
    )


def _key(key: Key | None) -> str:
    return "all together" if key is None else " / ".join(NOTHING if value is None else value for value in key)


def _amounts(tally: FigureCount | None) -> str:
    if tally is None:
        return "no figure"
    return " / ".join(amount_words(one) for one in (tally.numerator, tally.denominator) if one is not None)
