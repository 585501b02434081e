"""From indicators to figures: what has to be counted for them, and the counts of each object put together.

The counting in between is done by measures/engine.py; dividing and rounding by core/indicators/indicator.py.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

from cityloop.core.indicators.indicator import FigureCount, Indicator
from cityloop.evaluation.indicators.texts import IndicatorBook
from cityloop.evaluation.measures.compiling import Counting, Key, Question, Statement, statements

Counted = Mapping[tuple[int, Key], Mapping[str, Fraction]]  # by number of the period and key: counts by name
_NONE = Fraction(0)


@dataclass(frozen=True)
class Figures:
    """The counts for indicators; an object without any count has an empty tally."""

    indicators: Mapping[str, Indicator]
    counted: Counted

    @property
    def keys(self) -> tuple[Key, ...]:
        """The objects with a count in any period, sorted; those without a value last."""
        found = {key for _, key in self.counted}
        return tuple(sorted(found, key=lambda key: [(value is None, value or "") for value in key]))

    @cached_property
    def _names(self) -> Mapping[str, tuple[tuple[str, str], ...]]:
        """The counts of each indicator, with their names in `counted`."""
        return {
            code: tuple((term.count, counting_name(term.count, indicator.excludes)) for term in indicator.terms)
            for code, indicator in self.indicators.items()
        }

    def tally(self, code: str, period: int = 0, key: Key = ()) -> FigureCount:
        """Return the count of an indicator in the period of that number, for an object."""
        counts = self.counted.get((period, key), {})
        return self.indicators[code].tally({count: counts.get(name, _NONE) for count, name in self._names[code]})

    def written(self, code: str, period: int = 0, key: Key = ()) -> str:
        """Return the figure as text."""
        return self.indicators[code].written(self.tally(code, period, key))


def asked(book: IndicatorBook, indicators: Iterable[Indicator], question: Question) -> tuple[Statement, ...]:
    """Return the SQL that counts what the indicators need, each count once. NoSuchGrouping as statements() raises."""
    return statements(countings(book, indicators), question)


def countings(book: IndicatorBook, indicators: Iterable[Indicator]) -> dict[str, Counting]:
    """Return what has to be counted for indicators, by name."""
    return {
        counting_name(term.count, indicator.excludes): book.counting(term.count, indicator.excludes)
        for indicator in indicators
        for term in indicator.terms
    }


def counting_name(count: str, excludes: tuple[str, ...]) -> str:
    """Return the name of a count with these rows excluded."""
    return " without ".join([count, *([" ".join(sorted(excludes))] if excludes else [])])
