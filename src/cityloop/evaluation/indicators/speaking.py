"""Which indicators of a book can be told apart, and narrowed, as is asked. No database."""

from collections.abc import Iterable

from cityloop.core.indicators.indicator import Indicator
from cityloop.evaluation.indicators.texts import GROUPED_BY, IndicatorBook
from cityloop.evaluation.measures.compiling import NoSuchGrouping


def speaking(book: IndicatorBook, by: Iterable[str], only: Iterable[str] = ()) -> tuple[str, ...]:
    """Return the codes of the indicators that speak of what is told apart by these columns, in the book's order."""
    columns = (*by, *only)
    return tuple(
        code for code, one in book.indicators.items() if speaks_of(one, columns) and has_columns(book, one, columns)
    )


def speaks_of(one: Indicator, by: Iterable[str]) -> bool:
    """Return whether an indicator is meant to speak of whom these columns tell apart; of channels, say, all do."""
    asked = {subject for column in by for subject, columns in GROUPED_BY.items() if column in columns}
    return asked <= set(one.subjects)


def has_columns(book: IndicatorBook, one: Indicator, columns: Iterable[str]) -> bool:
    """Return whether every count of an indicator is over facts that have these columns."""
    countings = [book.counting(term.count, one.excludes) for term in one.terms]
    try:
        for column in columns:
            for counting in countings:
                counting.column(column)
    except NoSuchGrouping:
        return False
    return True
