"""What `cityloop appraise` does: counts figures from facts, prints or writes them, saves a run, recomputes a saved one.

Printing is in table.py; the indicators are defined by packs.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import gettempdir
from zoneinfo import ZoneInfo

import click

from cityloop.core.errors import Fault, Invalid, NotFound, NotPossible
from cityloop.entry.appraisal import table
from cityloop.entry.appraisal.facts import AppraisedFacts, facts_of, names_of
from cityloop.entry.console.options import tell
from cityloop.entry.console.showing import working
from cityloop.evaluation.facts.files import Edition
from cityloop.evaluation.facts.objects import Naming
from cityloop.evaluation.facts.relations import FACTS
from cityloop.evaluation.indicators.appraising import Appraisal, Asking
from cityloop.evaluation.indicators.appraising import indicators as find_indicators
from cityloop.evaluation.indicators.counting import appraised
from cityloop.evaluation.indicators.runs import recounted, save
from cityloop.evaluation.indicators.speaking import speaking, speaks_of
from cityloop.evaluation.indicators.texts import FILE, IndicatorBook, read_book
from cityloop.evaluation.periods import Length
from cityloop.evaluation.sheets import appraisal as sheets
from cityloop.registry.packs.reading import Pack, read_all


@dataclass(frozen=True, slots=True)
class AppraisalOptions:
    """The options of the command line."""

    periods: tuple[str, ...]
    by: tuple[str, ...]
    only: tuple[str, ...]
    indicators: tuple[str, ...]
    book: str
    month_begins_on: int
    day_begins_at: str
    edition: str | None
    facts: Path | None
    out: Path | None
    save: Path | None
    language: str


def appraise(home: Path | None, options: AppraisalOptions) -> None:
    """Count the figures, print or write them, and save the run if the options say so."""
    with facts_of(home, options.facts, options.edition) as facts:
        _appraise(facts, options)


def recompute(folder: Path) -> None:
    """Check a saved run and count it again; print the differences and raise NotPossible if there are any."""
    with working(f"counting {folder} again", tell):
        recount = recounted(folder, Path(gettempdir()))
    if not recount.is_same:
        for fault in recount.faults:
            click.echo(f"{fault.field}: {fault.reason}")
        table.print_differences(recount.differences)
        raise NotPossible("run-differs")
    saved = recount.saved
    click.echo(f"the same: {saved.digest}")
    click.echo(f"counted from the facts {saved.facts} of {saved.as_of:%Y-%m-%d %H:%M:%S} UTC")
    click.echo("Compare both digests with those that the city has published: a forged run has forged digests.")


def print_indicators(options: AppraisalOptions, formula: str | None) -> None:
    """Print the indicators of a book, or the formula of one."""
    _, book = _book(options.book)
    table.print_indicators(book, [formula] if formula else None, options.language)


def _appraise(facts: AppraisedFacts, options: AppraisalOptions) -> None:
    pack, book = _book(options.book)
    asking = _asking(options, book, facts.edition)
    _warn_of_unsuited(asking, book)
    with working(f"counting {len(asking.indicators)} indicators", tell):
        appraisal = appraised(facts.folder, facts.edition, pack, book, asking, Path(gettempdir()))
    names = names_of(facts, appraisal, _packs(), options.language)
    if options.out:
        _write(appraisal, book, names, options.out, options.language)
    else:
        table.print_figures(appraisal, book, names, options.language)
    if options.save:
        with working("copying the facts", tell):
            save(appraisal, book, facts.folder, facts.edition, options.save)
        click.echo(f"Anybody can count this run again: cityloop appraise --recompute {options.save}")
    tell(f"figures {appraisal.digest}")
    tell(f"facts   {appraisal.facts}")


def _asking(options: AppraisalOptions, book: IndicatorBook, edition: Edition) -> Asking:
    """Return what to count; by default every indicator that fits the columns, for the month of the facts."""
    indicators, periods, by = (
        tuple(dict.fromkeys(values)) for values in (options.indicators, options.periods, options.by)
    )
    asking = Asking(indicators, periods, by, _only(options.only), options.month_begins_on, options.day_begins_at)
    try:
        rhythm = asking.rhythm(ZoneInfo(edition.zone))
    except ValueError as error:
        raise Invalid([Fault("--day-begins-at", "not-a-time-of-day", {"value": options.day_begins_at})]) from error
    periods = asking.periods or (rhythm.containing(Length.MONTH, edition.as_of).name,)
    asking = replace(asking, periods=periods, indicators=asking.indicators or speaking(book, asking.by, asking.only))
    if not asking.indicators:
        columns = dict.fromkeys(column for relation in FACTS.values() for column in relation.groupings)
        values = {"book": options.book, "by": ", ".join((*asking.by, *asking.only)), "columns": ", ".join(columns)}
        raise Invalid([Fault("--by", "no-indicator-by-column", values)])
    return asking


def _only(words: tuple[str, ...]) -> dict[str, tuple[str | None, ...]]:
    only: dict[str, tuple[str | None, ...]] = {}
    for word in words:
        column, equals, value = word.partition("=")
        if not equals or not column:
            raise Invalid([Fault("--only", "not-column-and-value", {"value": word})])
        only[column] = (*only.get(column, ()), value or None)
    return only


def _book(name: str) -> tuple[str, IndicatorBook]:
    """Return the name and the book of a pack or a folder; NotFound lists the packs that have one."""
    if (Path(name) / FILE).is_file():
        return Path(name).resolve().name, read_book(Path(name))
    books = {pack.name: pack.folder for pack in _packs() if (pack.folder / FILE).exists()}
    if name not in books:
        raise NotFound("no-pack-with-indicators", {"name": name, "file": FILE, "packs": ", ".join(books)})
    return name, read_book(books[name])


def _packs() -> tuple[Pack, ...]:
    return read_all(os.environ.get("CITYLOOP_PACKS", ""))


def _warn_of_unsuited(asking: Asking, book: IndicatorBook) -> None:
    """Warn of indicators that are not meant to be broken down by these columns."""
    for code, indicator in find_indicators(book, asking.indicators).items():
        if not speaks_of(indicator, asking.by):
            subjects = ", ".join(indicator.subjects)
            tell(f"{code} is meant for {subjects}; broken down by {', '.join(asking.by)} it may mislead.")


def _write(appraisal: Appraisal, book: IndicatorBook, names: Naming, path: Path, language: str) -> None:
    contents: dict[str, Callable[[], bytes]] = {
        ".xlsx": lambda: sheets.workbook(appraisal, book, names, language),
        # Spreadsheets recognise UTF-8 by the byte order mark.
        ".csv": lambda: sheets.csv(appraisal, book, names, language).encode("utf-8-sig"),
        ".json": appraisal.text.encode,
    }
    try:
        path.write_bytes(contents[path.suffix.lower()]())
    except OSError as error:
        raise NotPossible("not-written", {"path": path, "error": error.strerror}) from error
    click.echo(f"{path} contains the figures.")
