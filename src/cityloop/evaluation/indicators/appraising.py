"""Figures asked for and figures counted, as text that a stranger can count again and compare. GB/T 30428.4-2016.

What is kept are counts above and below the line, never quotients. No database: the facts are files, the indicators a
book. Counting is done in counting.py, which web processes never import.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, time
from fractions import Fraction
from functools import cached_property
from typing import Any, Self, TypeVar
from zoneinfo import ZoneInfo

from cityloop.core.errors import Fault, Invalid
from cityloop.core.indicators.indicator import FigureCount, Indicator
from cityloop.evaluation.indicators.texts import IndicatorBook
from cityloop.evaluation.measures.compiling import Key, NoSuchGrouping, Question, statements
from cityloop.evaluation.periods import Period, Rhythm, read_period

FORMAT = "cityloop-appraisal/1"

Found = TypeVar("Found")
Tallies = Mapping[str, FigureCount]  # by indicator, as it was asked for


@dataclass(frozen=True, slots=True)
class Asking:
    """What is asked: which indicators (`code` or `code:variant`) for which periods, told apart by which columns.

    `only` narrows to rows with one of these values; None among them stands for those without a value.
    """

    indicators: tuple[str, ...]
    periods: tuple[str, ...]
    by: tuple[str, ...] = ()
    only: Mapping[str, tuple[str | None, ...]] = field(default_factory=dict)
    month_begins_on: int = 1
    day_begins_at: str = "00:00"

    @property
    def words(self) -> dict[str, Any]:
        """It as plain values, in one form for all that asks the same."""
        return {
            "indicators": list(self.indicators),
            "periods": list(self.periods),
            "by": list(self.by),
            "only": {name: sorted(self.only[name], key=_empty_last) for name in sorted(self.only)},
            "month_begins_on": self.month_begins_on,
            "day_begins_at": self.day_begins_at,
        }

    @classmethod
    def read(cls, words: Mapping[str, Any]) -> Self:
        """Return what such plain values ask."""
        lists = {name: tuple(words[name]) for name in ("indicators", "periods", "by")}
        only = {name: tuple(values) for name, values in words["only"].items()}
        day, hour = words["month_begins_on"], words["day_begins_at"]
        said = [hour, *(one for values in lists.values() for one in values), *only]
        if not isinstance(day, int) or not all(isinstance(one, str) for one in said):
            raise ValueError("what is asked is no text where it must be one")
        return cls(only=only, **lists, month_begins_on=day, day_begins_at=hour)

    def rhythm(self, zone: ZoneInfo) -> Rhythm:
        """Return where its days and months begin; ValueError where they cannot."""
        begins = time.fromisoformat(self.day_begins_at)
        if begins.tzinfo:
            raise ValueError(f"A day begins at a time of the city's own clocks, not at {self.day_begins_at}.")
        return Rhythm(zone, self.month_begins_on, begins)

    def read_periods(self, zone: ZoneInfo) -> tuple[Period, ...]:
        """Return its periods; Invalid with how a period is written."""
        try:
            rhythm = self.rhythm(zone)
        except ValueError as error:
            raise Invalid([Fault("period", "impossible-rhythm")], code="period") from error
        return tuple(_period(text, rhythm) for text in self.periods)


@dataclass(frozen=True)
class Appraisal:
    """What was counted of facts (their digest and moment) by a book of indicators (its pack and digest).

    `lines` are by period and object; `whole` is everything asked about together, by period.
    """

    asking: Asking
    facts: str
    as_of: datetime
    zone: str
    pack: str
    book: str
    lines: Mapping[tuple[str, Key], Tallies]
    whole: Mapping[str, Tallies]

    @cached_property
    def keys(self) -> tuple[Key, ...]:
        """The objects of which anything was counted, in their order; those without a value last."""
        return tuple(sorted({key for _, key in self.lines}, key=lambda key: [_empty_last(one) for one in key]))

    def tally(self, code: str, period: str, key: Key) -> FigureCount | None:
        """Return what was counted for an object; None where nothing was."""
        return self.lines.get((period, key), {}).get(code)

    @cached_property
    def text(self) -> str:
        """It in canonical form: who counts the same facts by the same book gets this text, byte for byte."""
        content = {
            "format": FORMAT,
            "asked": self.asking.words,
            "facts": {"digest": self.facts, "as_of": self.as_of.isoformat(), "zone": self.zone},
            "indicators": {"pack": self.pack, "digest": self.book},
            "whole": {period: _written(self.whole[period]) for period in sorted(self.whole)},
            "figures": [
                [period, list(key), _written(self.lines[period, key])]
                for key in self.keys
                for period in self.asking.periods
                if (period, key) in self.lines
            ],
        }
        return json.dumps(content, ensure_ascii=False, sort_keys=True, indent=1)

    @cached_property
    def digest(self) -> str:
        """Return the SHA-256 of its text, hexadecimal."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    @classmethod
    def read(cls, text: str | Mapping[str, Any]) -> Self:
        """Return an appraisal from its text; Invalid where it is none."""
        try:
            content = json.loads(text) if isinstance(text, str) else text
            if content["format"] != FORMAT:
                raise ValueError(f"the format is {content['format']!r}, not {FORMAT!r}")
            return cls(
                asking=Asking.read(content["asked"]),
                facts=content["facts"]["digest"],
                as_of=datetime.fromisoformat(content["facts"]["as_of"]),
                zone=content["facts"]["zone"],
                pack=content["indicators"]["pack"],
                book=content["indicators"]["digest"],
                lines={(period, tuple(key)): _read(said) for period, key, said in content["figures"]},
                whole={period: _read(said) for period, said in content["whole"].items()},
            )
        except (KeyError, TypeError, ValueError, ArithmeticError, AttributeError) as error:
            raise Invalid(
                [Fault("appraisal", "appraisal-unreadable", {"error": str(error)})], code="appraisal"
            ) from error


@dataclass(frozen=True, slots=True)
class Behind:
    """The rows behind a count: the numbers of their cases with how much each adds, and how many are not told."""

    rows: tuple[tuple[str, str], ...]
    total: str
    untold: int = 0


def indicators(book: IndicatorBook, codes: Iterable[str]) -> dict[str, Indicator]:
    """Return indicators of a book by `code` or `code:variant`; Invalid naming what it does not have."""
    found, faults = {}, []
    for code in codes:
        name, _, variant = code.partition(":")
        try:
            found[code] = book.indicators[name].chosen(variant or None)
        except KeyError:
            faults.append(Fault("indicator", "no-such-indicator", {"code": code}))
    if faults:
        raise Invalid(faults, code="indicator")
    return found


def sql(book: IndicatorBook, indicator: Indicator, count: str, asking: Asking, as_of: datetime, zone: ZoneInfo) -> str:
    """Return the SQL by which a count of an indicator is counted, as DuckDB reads it."""
    question = Question(asking.read_periods(zone)[:1], as_of, zone, (), asking.only)
    (statement,) = possible(lambda: statements({count: book.counting(count, indicator.excludes)}, question))
    return statement.duckdb


def possible(ask: Callable[[], Found]) -> Found:
    """Return what compiling gives; Invalid where a figure cannot be told apart, or narrowed, so."""
    try:
        return ask()
    except NoSuchGrouping as error:
        raise Invalid([Fault("by", error.code, error.values)], code="grouping") from error


def _period(text: str, rhythm: Rhythm) -> Period:
    try:
        return read_period(text, rhythm)
    except ValueError as error:
        raise Invalid([Fault("period", "unknown-period", {"text": text})], code="period") from error


def _written(tallies: Tallies) -> dict[str, list[str]]:
    return {
        code: [str(one) for one in (tally.numerator, tally.denominator) if one is not None]
        for code, tally in tallies.items()
    }


def _read(said: Mapping[str, list[str]]) -> dict[str, FigureCount]:
    return {code: FigureCount(*map(Fraction, amounts)) for code, amounts in said.items()}


def _empty_last(value: str | None) -> tuple[bool, str]:
    return (value is None, value or "")
