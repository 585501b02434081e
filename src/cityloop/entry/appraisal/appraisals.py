"""What `cityloop appraise` does: counts figures over the facts, hands them out, saves a run, counts a saved one again.

Printing is in appraisal_table.py; what figures are is said by the indicators of packs.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import gettempdir
from zoneinfo import ZoneInfo

import click

from cityloop.core.errors import Fault, Invalid, NotFound, NotPossible
from cityloop.entry.appraisal import table as appraisal_table
from cityloop.entry.appraisal.facts import AppraisedFacts, facts_of, names_of
from cityloop.entry.console.options import tell
from cityloop.entry.console.showing import working
from cityloop.evaluation.facts.files import Edition
from cityloop.evaluation.facts.objects import Naming
from cityloop.evaluation.facts.relations import FACTS
from cityloop.evaluation.indicators.appraising import Appraisal, Asking
from cityloop.evaluation.indicators.appraising import indicators as found_in
from cityloop.evaluation.indicators.counting import appraised
from cityloop.evaluation.indicators.runs import recounted, save
from cityloop.evaluation.indicators.speaking import speaking, speaks_of
from cityloop.evaluation.indicators.texts import FILE, IndicatorBook, read_book
from cityloop.evaluation.periods import Length
from cityloop.evaluation.sheets import appraisal as sheets
from cityloop.registry.packs.reading import Pack, read_all


@dataclass(frozen=True, slots=True)
class AppraisalOptions:
    """What was asked for on the command line."""

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


def appraise(home: Path | None, wanted: AppraisalOptions) -> None:
    """Count what is wanted, hand it out and, where wanted, keep it so that anybody can count it again."""
    with facts_of(home, wanted.facts, wanted.edition) as facts:
        _appraise(facts, wanted)


def recompute(folder: Path) -> None:
    """Check a saved run and count it again; NotPossible where anything is not what it says, after telling what."""
    with working(f"counting {folder} again", tell):
        found = recounted(folder, Path(gettempdir()))
    if not found.is_same:
        for fault in found.faults:
            click.echo(f"{fault.field}: {fault.reason}")
        appraisal_table.print_differences(found.differences)
        raise NotPossible("run-differs", "This run is not what it says.")
    click.echo(f"the same: {found.saved.digest}")
    click.echo(f"of the facts {found.saved.facts} of {found.saved.as_of:%Y-%m-%d %H:%M:%S} UTC")
    click.echo("Compare both with what the city has published: who forges a whole run forges its digests, too.")


def tell_indicators(wanted: AppraisalOptions, formula: str | None) -> None:
    """Print the indicators of a book, or how one is reckoned."""
    _, book = _book(wanted.book)
    appraisal_table.print_indicators(book, [formula] if formula else None, wanted.language)


def _appraise(facts: AppraisedFacts, wanted: AppraisalOptions) -> None:
    pack, book = _book(wanted.book)
    asking = _asked(wanted, book, facts.edition)
    _tell_of_others(asking, book)
    with working(f"counting {len(asking.indicators)} indicators", tell):
        found = appraised(facts.folder, facts.edition, pack, book, asking, Path(gettempdir()))
    names = names_of(facts, found, _packs(), wanted.language)
    if wanted.out:
        _write(found, book, names, wanted.out, wanted.language)
    else:
        appraisal_table.print_figures(found, book, names, wanted.language)
    if wanted.save:
        with working("copying the facts", tell):
            save(found, book, facts.folder, facts.edition, wanted.save)
        click.echo(f"{wanted.save} can be counted again by anybody: cityloop appraise --recompute {wanted.save}")
    tell(f"figures {found.digest}")
    tell(f"facts   {found.facts}")


def _asked(wanted: AppraisalOptions, book: IndicatorBook, edition: Edition) -> Asking:
    """Return what was asked for; what was left open is all that can be said, for the month of the facts."""
    indicators, periods, by = (tuple(dict.fromkeys(one)) for one in (wanted.indicators, wanted.periods, wanted.by))
    asking = Asking(indicators, periods, by, _only(wanted.only), wanted.month_begins_on, wanted.day_begins_at)
    try:
        rhythm = asking.rhythm(ZoneInfo(edition.zone))
    except ValueError as error:
        raise Invalid(
            [Fault("--day-begins-at", f"{wanted.day_begins_at} is no time of the day: write 12:00")]
        ) from error
    periods = asking.periods or (rhythm.containing(Length.MONTH, edition.as_of).name,)
    asking = replace(asking, periods=periods, indicators=asking.indicators or speaking(book, asking.by, asking.only))
    if not asking.indicators:
        columns = ", ".join((*asking.by, *asking.only))
        known = ", ".join(dict.fromkeys(column for relation in FACTS.values() for column in relation.groupings))
        raise Invalid([Fault("--by", f"no indicator of {wanted.book} speaks of {columns}; columns are {known}")])
    return asking


def _only(words: tuple[str, ...]) -> dict[str, tuple[str | None, ...]]:
    found: dict[str, tuple[str | None, ...]] = {}
    for one in words:
        column, sign, value = one.partition("=")
        if not sign or not column:
            raise Invalid([Fault("--only", f"{one!r}: write a column and a value, such as district=671001")])
        found[column] = (*found.get(column, ()), value or None)
    return found


def _book(name: str) -> tuple[str, IndicatorBook]:
    """Return the book of a pack, or of a folder, with its name; NotFound with the names there are."""
    if (Path(name) / FILE).is_file():
        return Path(name).resolve().name, read_book(Path(name))
    books = {pack.name: pack.folder for pack in _packs() if (pack.folder / FILE).exists()}
    if name not in books:
        told = f"No pack {name} has indicators, and no folder of that name holds an {FILE}."
        raise NotFound("no-such-book", f"{told} Packs that have: {', '.join(books)}.")
    return name, read_book(books[name])


def _packs() -> tuple[Pack, ...]:
    return read_all(os.environ.get("CITYLOOP_PACKS", ""))


def _tell_of_others(asking: Asking, book: IndicatorBook) -> None:
    """Say which indicators were not meant to speak of what figures are told apart by."""
    for code, one in found_in(book, asking.indicators).items():
        if not speaks_of(one, asking.by):
            tell(f"{code} speaks of {', '.join(one.subjects)}; told apart by {', '.join(asking.by)} it may mislead.")


def _write(found: Appraisal, book: IndicatorBook, names: Naming, path: Path, language: str) -> None:
    contents: dict[str, Callable[[], bytes]] = {
        ".xlsx": lambda: sheets.workbook(found, book, names, language),
        # A spreadsheet knows by the mark in front that it is UTF-8.
        ".csv": lambda: sheets.csv(found, book, names, language).encode("utf-8-sig"),
        ".json": found.text.encode,
    }
    try:
        path.write_bytes(contents[path.suffix.lower()]())
    except OSError as error:
        raise NotPossible("not-written", f"{path} cannot be written: {error.strerror}.") from error
    click.echo(f"{path} holds the figures.")
