"""Which indicators of a book can be grouped and filtered by given columns. No database."""

from collections.abc import Iterable

from cityloop.core.indicators.indicator import Indicator
from cityloop.evaluation.indicators.texts import GROUPED_BY, IndicatorBook
from cityloop.evaluation.measures.compiling import NoSuchGrouping


def speaking(book: IndicatorBook, by: Iterable[str], only: Iterable[str] = ()) -> tuple[str, ...]:
    """Return the codes of the indicators that apply to the objects of these columns, in the book's order."""
    columns = (*by, *only)
    return tuple(
        code
        for code, indicator in book.indicators.items()
        if speaks_of(indicator, columns) and has_columns(book, indicator, columns)
    )


def speaks_of(indicator: Indicator, by: Iterable[str]) -> bool:
    """Return whether an indicator is meant for the subjects of these columns; columns without a subject fit all."""
    wanted = {subject for column in by for subject, columns in GROUPED_BY.items() if column in columns}
    return wanted <= set(indicator.subjects)


def has_columns(book: IndicatorBook, indicator: Indicator, columns: Iterable[str]) -> bool:
    """Return whether every count of an indicator is over facts that have these columns."""
    countings = [book.counting(term.count, indicator.excludes) for term in indicator.terms]
    try:
        for column in columns:
            for counting in countings:
                counting.column(column)
    except NoSuchGrouping:
        return False
    return True
