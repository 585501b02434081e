"""The period of a page, those before and after it, and their titles. Names are read in evaluation/periods.py."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from cityloop.core.errors import Fault, Invalid
from cityloop.evaluation.periods import MIDNIGHT, Length, Period, Rhythm, read_period

TREND = 12  # periods a trend shows
YEARS = range(1990, 2101)
MOMENT = timedelta(microseconds=1)
DATE = r"\d{4}-\d\d-\d\d"
OWN = re.compile(rf"{DATE}\.\.{DATE}|{DATE}T\d\d:\d\d\.\.{DATE}T\d\d:\d\d", re.ASCII)  # ends of its own


class NamedLength(NamedTuple):
    """A length to choose, with the period of it that lies nearest."""

    value: Length
    title: str
    period: str


@dataclass(frozen=True, slots=True)
class ChosenPeriod:
    """A period chosen, by its length or (None) by its own ends; `as_of` is the moment of the facts."""

    period: Period
    length: Length | None
    rhythm: Rhythm
    as_of: datetime

    @property
    def is_running(self) -> bool:
        """Whether the facts were taken before it ended."""
        return self.as_of < self.period.end

    @property
    def previous(self) -> str:
        """The name of the period before it, as long as it is."""
        return self._before(self.period).name

    @property
    def following(self) -> str | None:
        """The name of the next period; None where the facts end before it, or where this one has its own ends."""
        if self.length is None or self.period.end > self.as_of:
            return None
        return self.rhythm.containing(self.length, self.period.end).name

    @property
    def trend(self) -> tuple[str, ...]:
        """The names of the last periods of its kind, itself the last."""
        found = [self.period]
        while len(found) < TREND:
            found.append(self._before(found[-1]))
        return tuple(period.name for period in reversed(found))

    @property
    def lengths(self) -> tuple[NamedLength, ...]:
        """Every length with the period of it in which this one ends."""
        until = min(self.period.end - MOMENT, max(self.as_of, self.period.start))
        return tuple(
            NamedLength(length, words, self.rhythm.containing(length, until).name)
            for length, words in _length_words().items()
        )

    @property
    def title(self) -> str:
        """What it is called."""
        return named(self.period.name, self.length)

    @property
    def extent(self) -> str:
        """From when until when it lasts: its first and last day, or moments where days begin at another hour."""
        start, end = localtime(self.period.start), localtime(self.period.end)
        if start.time() == end.time() == MIDNIGHT:
            last = end - timedelta(days=1)
            return start.strftime("%Y-%m-%d") if start.date() == last.date() else f"{start:%Y-%m-%d} – {last:%Y-%m-%d}"
        return f"{start:%Y-%m-%d %H:%M} – {end:%Y-%m-%d %H:%M}"

    def _before(self, period: Period) -> Period:
        if self.length:
            return self.rhythm.before(self.length, period)
        start = period.start - (period.end - period.start)
        if "T" in period.name:
            ends = (
                localtime(moment).replace(tzinfo=None).isoformat(timespec="minutes") for moment in (start, period.start)
            )
            return Period("..".join(ends), start, period.start)
        # Days are called by their dates, whenever they begin.
        first, last = (self.rhythm.containing(Length.DAY, moment).name for moment in (start, period.start - MOMENT))
        return Period(f"{first}..{last}", start, period.start)


def read_span(words: str, rhythm: Rhythm, as_of: datetime) -> ChosenPeriod:
    """Return the period of a name, the month of the facts where it is empty; Invalid where it cannot be read."""
    try:
        period = _read_period_of_address(words, rhythm) if words else rhythm.containing(Length.MONTH, as_of)
        years = {localtime(moment).year for moment in (period.start, period.end - MOMENT)}
    except (ValueError, OverflowError) as error:
        raise Invalid([Fault("period", "not-a-period")]) from error
    if not years <= set(YEARS):
        raise Invalid([Fault("period", "period-out-of-range")])
    return ChosenPeriod(period, length_of(period, rhythm), rhythm, as_of)


def _read_period_of_address(words: str, rhythm: Rhythm) -> Period:
    """Return a period as addresses write it: its own ends are dates or whole minutes in the city's time zone."""
    if ".." in words and not OWN.fullmatch(words):
        raise ValueError(words)
    return read_period(words, rhythm)


def length_of(period: Period, rhythm: Rhythm) -> Length | None:
    """Return the length that a period is one of; None where it has ends of its own."""
    found = (length for length in Length if rhythm.containing(length, period.start).name == period.name)
    return next(found, None)


def named(name: str, length: Length | None) -> str:
    """Return the title of a period of that name."""
    year, _dash, part = name.partition("-")
    values = {"year": year, "part": part[1:]}
    words = {
        Length.WEEK: _("week %(part)s of %(year)s"),
        Length.QUARTER: _("quarter %(part)s of %(year)s"),
        Length.HALF_YEAR: _("half-year %(part)s of %(year)s"),
        Length.YEAR: _("year %(year)s"),
    }
    if length in words:
        return words[length] % values
    return name if length else name.replace("..", " – ").replace("T", " ")


def _length_words() -> dict[Length, str]:
    return {
        Length.DAY: pgettext("figures", "Day"),
        Length.WEEK: _("Week"),
        Length.MONTH: pgettext("figures", "Month"),
        Length.QUARTER: _("Quarter"),
        Length.HALF_YEAR: _("Half-year"),
        Length.YEAR: _("Year"),
    }
