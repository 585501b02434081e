"""Counting over an edition of facts, and the rows behind a count. Web processes never import this."""

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from zoneinfo import ZoneInfo

from cityloop.core.indicators.indicator import FigureCount, Indicator, added
from cityloop.evaluation.facts.files import Edition, FactFolder
from cityloop.evaluation.indicators import figures
from cityloop.evaluation.indicators.appraising import (
    Appraisal,
    Asking,
    Behind,
    Tallies,
    indicators,
    possible,
)
from cityloop.evaluation.indicators.figures import Figures
from cityloop.evaluation.indicators.texts import IndicatorBook
from cityloop.evaluation.measures import engine
from cityloop.evaluation.measures.compiling import Key, Question, Statement, rows_counted
from cityloop.evaluation.periods import Period

MOST_ROWS = 5_000  # of the rows behind a figure that are listed


def appraised(
    facts: FactFolder, edition: Edition, pack: str, book: IndicatorBook, asking: Asking, scratch: Path
) -> Appraisal:
    """Count a request over an edition of facts; Invalid where it cannot be counted."""
    chosen = indicators(book, asking.indicators)
    zone = ZoneInfo(edition.zone)
    started = _started(asking, edition)
    question = Question(tuple(started.values()), edition.as_of, zone, asking.by, asking.only)
    separate = {
        code: indicator for code, indicator in chosen.items() if not (asking.by and book.adds(indicator).objects)
    }
    with engine.opened(facts.files(edition), scratch) as connection:
        found = Figures(chosen, engine.counted(connection, _statements(book, chosen, question), len(asking.by)))
        together = replace(question, by=())
        for_all = Figures(separate, engine.counted(connection, _statements(book, separate, together), 0))
    names = dict(enumerate(started))
    lines = {
        (names[number], key): {code: found.tally(code, number, key) for code in chosen} for number, key in found.counted
    }
    adding = {code: indicator for code, indicator in chosen.items() if code not in separate}
    nothing = {code: indicator.tally({}) for code, indicator in chosen.items()}
    whole = dict.fromkeys(asking.periods, nothing) | {
        name: {code: for_all.tally(code, number) for code in separate} | _sums(lines, name, adding)
        for number, name in names.items()
    }
    return Appraisal(
        asking, edition.digest, edition.as_of, edition.zone, pack, book.digest, lines if asking.by else {}, whole
    )


def behind(
    facts: FactFolder, edition: Edition, book: IndicatorBook, asking: Asking, count: str, scratch: Path
) -> Behind:
    """Return the rows that a count of the one indicator adds up in the one period, newest case first."""
    (indicator,) = indicators(book, asking.indicators).values()
    if not (started := _started(asking, edition)):
        return Behind((), "0")
    question = Question(tuple(started.values()), edition.as_of, ZoneInfo(edition.zone), (), asking.only)
    statement = rows_counted(possible(lambda: book.counting(count, indicator.excludes)), question)
    with engine.opened(facts.files(edition), scratch) as connection:
        rows = [(str(row[0]), Fraction(row[-1])) for row in connection.execute(statement.duckdb).fetchall()]
    listed = sorted(rows, key=lambda row: row[0], reverse=True)[:MOST_ROWS]
    total = sum((amount for _, amount in rows), Fraction(0))
    return Behind(tuple((number, str(amount)) for number, amount in listed), str(total), len(rows) - len(listed))


def _started(asking: Asking, edition: Edition) -> dict[str, Period]:
    """Return the periods by name that had begun at the moment of the facts: nothing is known of later ones."""
    periods = zip(asking.periods, asking.read_periods(ZoneInfo(edition.zone)), strict=True)
    return {name: period for name, period in periods if period.start < edition.as_of}


def _statements(book: IndicatorBook, chosen: Mapping[str, Indicator], question: Question) -> tuple[Statement, ...]:
    return possible(lambda: figures.asked(book, chosen.values(), question)) if chosen and question.periods else ()


def _sums(
    lines: Mapping[tuple[str, Key], Tallies], period: str, adding: Mapping[str, Indicator]
) -> dict[str, FigureCount]:
    within = [tallies for (name, _), tallies in lines.items() if name == period]
    return {
        code: added([indicator.tally({}), *(tallies[code] for tallies in within)], True)
        for code, indicator in adding.items()
    }
