"""Requested and counted figures, as text that a stranger can count again and compare. GB/T 30428.4-2016.

Numerators and denominators are kept, never quotients. No database: the facts are files, the indicators a book.
counting.py does the counting; web processes never import it.
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
Tallies = Mapping[str, FigureCount]  # by indicator, as requested


@dataclass(frozen=True, slots=True)
class Asking:
    """A request: which indicators (`code` or `code:variant`) for which periods, grouped by which columns.

    `only` filters rows by the values of columns; None among them stands for rows without a value.
    """

    indicators: tuple[str, ...]
    periods: tuple[str, ...]
    by: tuple[str, ...] = ()
    only: Mapping[str, tuple[str | None, ...]] = field(default_factory=dict)
    month_begins_on: int = 1
    day_begins_at: str = "00:00"

    @property
    def plain(self) -> dict[str, Any]:
        """The request as plain values; equal requests have equal values."""
        return {
            "indicators": list(self.indicators),
            "periods": list(self.periods),
            "by": list(self.by),
            "only": {name: sorted(self.only[name], key=_empty_last) for name in sorted(self.only)},
            "month_begins_on": self.month_begins_on,
            "day_begins_at": self.day_begins_at,
        }

    @classmethod
    def read(cls, values: Mapping[str, Any]) -> Self:
        """Return the request of such plain values."""
        lists = {name: tuple(values[name]) for name in ("indicators", "periods", "by")}
        only = {name: tuple(given) for name, given in values["only"].items()}
        day, hour = values["month_begins_on"], values["day_begins_at"]
        texts = [hour, *(text for given in lists.values() for text in given), *only]
        if not isinstance(day, int) or not all(isinstance(text, str) for text in texts):
            raise ValueError("a value that must be a text is not one")
        return cls(only=only, **lists, month_begins_on=day, day_begins_at=hour)

    def rhythm(self, zone: ZoneInfo) -> Rhythm:
        """Return where its days and months begin; ValueError where that is impossible."""
        begins = time.fromisoformat(self.day_begins_at)
        if begins.tzinfo:
            raise ValueError(f"A day begins at a time without a zone, not at {self.day_begins_at}.")
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
    """Figures counted over facts (their digest and moment) with a book of indicators (its pack and digest).

    `lines` are by period and object; `whole` is the total by period.
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
        """The objects with any figure, sorted; those without a value last."""
        return tuple(sorted({key for _, key in self.lines}, key=lambda key: [_empty_last(value) for value in key]))

    def tally(self, code: str, period: str, key: Key) -> FigureCount | None:
        """Return the count of an object; None where nothing was counted."""
        return self.lines.get((period, key), {}).get(code)

    @cached_property
    def text(self) -> str:
        """The canonical form: counting the same facts with the same book gives this text, byte for byte."""
        content = {
            "format": FORMAT,
            "asked": self.asking.plain,
            "facts": {"digest": self.facts, "as_of": self.as_of.isoformat(), "zone": self.zone},
            "indicators": {"pack": self.pack, "digest": self.book},
            "whole": {period: _tallies_text(self.whole[period]) for period in sorted(self.whole)},
            "figures": [
                [period, list(key), _tallies_text(self.lines[period, key])]
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
        """Return an appraisal from its text; Invalid where the text is not one."""
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
                lines={(period, tuple(key)): _read_tallies(tallies) for period, key, tallies in content["figures"]},
                whole={period: _read_tallies(tallies) for period, tallies in content["whole"].items()},
            )
        except (KeyError, TypeError, ValueError, ArithmeticError, AttributeError) as error:
            raise Invalid(
                [Fault("appraisal", "appraisal-unreadable", {"error": str(error)})], code="appraisal"
            ) from error


@dataclass(frozen=True, slots=True)
class Behind:
    """The rows behind a count: the numbers of their cases with how much each adds, and how many rows are not listed."""

    rows: tuple[tuple[str, str], ...]
    total: str
    untold: int = 0


def indicators(book: IndicatorBook, codes: Iterable[str]) -> dict[str, Indicator]:
    """Return indicators of a book by `code` or `code:variant`; Invalid with every code that it does not have."""
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
    """Return the SQL of a count of an indicator, for DuckDB."""
    question = Question(asking.read_periods(zone)[:1], as_of, zone, (), asking.only)
    (statement,) = possible(lambda: statements({count: book.counting(count, indicator.excludes)}, question))
    return statement.duckdb


def possible(ask: Callable[[], Found]) -> Found:
    """Return what `ask` returns; Invalid where a figure cannot be grouped or filtered in this way."""
    try:
        return ask()
    except NoSuchGrouping as error:
        raise Invalid([Fault("by", error.code, error.values)], code="grouping") from error


def _period(text: str, rhythm: Rhythm) -> Period:
    try:
        return read_period(text, rhythm)
    except ValueError as error:
        raise Invalid([Fault("period", "unknown-period", {"text": text})], code="period") from error


def _tallies_text(tallies: Tallies) -> dict[str, list[str]]:
    return {
        code: [str(amount) for amount in (tally.numerator, tally.denominator) if amount is not None]
        for code, tally in tallies.items()
    }


def _read_tallies(tallies: Mapping[str, list[str]]) -> dict[str, FigureCount]:
    return {code: FigureCount(*map(Fraction, amounts)) for code, amounts in tallies.items()}


def _empty_last(value: str | None) -> tuple[bool, str]:
    return (value is None, value or "")
