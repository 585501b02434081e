"""Read the query of an address into one frozen value. A value that is not offered is refused, never ignored."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import time
from typing import NamedTuple
from urllib.parse import urlencode

from django.conf import settings
from django.urls import reverse

from cityloop.core.actors import Actor
from cityloop.core.errors import Fault, Invalid, NotFound
from cityloop.core.indicators.indicator import Indicator, Subject
from cityloop.core.place.areas import is_in_tree
from cityloop.evaluation.answers.asked import edition
from cityloop.evaluation.answers.scopes import Scope, scope
from cityloop.evaluation.indicators.appraising import Asking, indicators
from cityloop.evaluation.indicators.books import book, books
from cityloop.evaluation.indicators.texts import IndicatorBook
from cityloop.evaluation.models import FactEdition
from cityloop.evaluation.periods import Rhythm
from cityloop.presentation.figures.questions.groupings import (
    GROUPINGS,
    Grouping,
    Key,
    key_words,
    offered,
    read_key,
    speaks_of,
)
from cityloop.presentation.figures.questions.spans import ChosenPeriod, read_span
from cityloop.presentation.pages.query import text_asked
from cityloop.registry.city.city import City

PACK = "gbt30428-4"
NAMES = ("pack", "scope", "by", "key", "period", "indicator", "variant", "edition", "month_begins_on", "day_begins_at")
FIRST = {  # the indicator that objects are ranked by where none was chosen, by their subject
    Subject.AREA: "archive_in_time_rate",
    Subject.DEPARTMENT: "dispose_in_time_rate",
    Subject.POST: "check_in_time_rate",
    Subject.PERSON: "check_in_time_rate",
    None: "archive_in_time_rate",
}


class Rhythmed(NamedTuple):
    """Where months and days begin, as an Asking and an address have it."""

    month_begins_on: int = 1
    day_begins_at: str = "00:00"


@dataclass(frozen=True, slots=True)
class FigureQuery:
    """The query of a page: which figure, over which facts and cases, grouped by what, in which period.

    `key` is one object of the grouping, None for all of them.
    """

    city: City
    facts: FactEdition
    pack: str
    book: IndicatorBook
    scope: Scope
    grouping: Grouping | None
    key: Key | None
    span: ChosenPeriod
    rhythm: Rhythmed
    indicator: Indicator
    query: Mapping[str, str]  # as it was in the address

    @property
    def code(self) -> str:
        """The name of the indicator in an Asking."""
        return coded(self.indicator)

    @property
    def by(self) -> tuple[str, ...]:
        return self.grouping.columns if self.grouping else ()

    def asking(self, codes: tuple[str, ...], periods: tuple[str, ...]) -> Asking:
        """Return the Asking for all objects together; it is the same for everybody who sees the same cases."""
        return Asking(codes, periods, self.by, self.scope.only, *self.rhythm)

    def asking_some(self, codes: tuple[str, ...], periods: tuple[str, ...], keys: Iterable[Key]) -> Asking:
        """Return the Asking for some objects of a grouping by one column."""
        (column,) = self.by
        return Asking(codes, periods, self.by, {**self.scope.only, column: tuple(key[0] for key in keys)}, *self.rhythm)

    def asking_one(self, code: str, period: str) -> Asking:
        """Return the Asking for the one object, or for everything."""
        only = {column: (value,) for column, value in zip(self.by, self.key, strict=True)} if self.key else {}
        return Asking((code,), (period,), (), {**self.scope.only, **only}, *self.rhythm)

    def words(self, **changed: str | None) -> str:
        """Return the query string of the same query with some values changed; None leaves a value out."""
        values = {**self.query, **changed}
        return urlencode({name: values[name] for name in NAMES if values.get(name) is not None})

    def figure_url(self, indicator: Indicator, key: Key | None, **changed: str | None) -> str:
        """Return the address of one figure: of an object, or (None) of everything together."""
        named = {"by": self.grouping.name, "key": key_words(key)} if key is not None and self.grouping else {}
        place = {"pack": None, "indicator": None, "by": None, "key": None, **named, "variant": indicator.variant}
        url = reverse("figures:figure", args=[self.pack, indicator.code])
        return f"{url}?{self.words(**{**place, **changed})}"


def coded(indicator: Indicator) -> str:
    """Return the name of an indicator in an Asking."""
    return f"{indicator.code}:{indicator.variant}" if indicator.variant else indicator.code


def ranking_asked(query: Mapping[str, str], actor: Actor, city: City) -> FigureQuery:
    """Return the query of the ranking page, with the usual values where the address has none."""
    values = _values(query)
    seen = scope(actor, city, values.get("scope", ""))
    facts, pack = edition(values.get("edition", "")), values.get("pack") or _usual_pack()
    groupings = offered(seen, city)
    grouping = _grouping(values, groupings) or groupings[0]
    known = book(pack)
    indicator = _indicator(values, known, grouping, seen)
    rhythm = _rhythm(values)
    return FigureQuery(
        city, facts, pack, known, seen, grouping, None, _span(values, rhythm, facts), rhythm, indicator, values
    )


def figure_asked(query: Mapping[str, str], pack: str, code: str, actor: Actor, city: City) -> FigureQuery:
    """Return the query of the page of one figure; NotFound where there is no such figure."""
    values = _values(query)
    seen = scope(actor, city, values.get("scope", ""))
    known = book(pack)
    if code not in known.indicators:
        raise NotFound("no-such-figure")
    facts, rhythm = edition(values.get("edition", "")), _rhythm(values)
    grouping = _grouping(values, offered(seen, city)) if "key" in values else None
    key = read_key(values["key"], grouping) if grouping else None
    indicator = _variant(known.indicators[code], values)
    if ("key" in values and not _is_within(key, grouping, seen, city)) or not speaks_of(indicator, grouping, seen):
        raise NotFound("no-such-figure")
    return FigureQuery(
        city, facts, pack, known, seen, grouping, key, _span(values, rhythm, facts), rhythm, indicator, values
    )


def speaking(known: IndicatorBook, grouping: Grouping, seen: Scope) -> list[Indicator]:
    """Return the indicators by which such objects can be ranked, shares before counts."""
    found = [indicator for indicator in known.indicators.values() if speaks_of(indicator, grouping, seen)]
    return sorted(found, key=lambda indicator: not indicator.denominator)


def _values(query: Mapping[str, str]) -> dict[str, str]:
    """Return the values in an address but the empty ones; an empty key stays: it is an object without a value."""
    values = {name: text_asked(query, name) for name in NAMES}
    first, last = text_asked(query, "from"), text_asked(query, "until")
    if first and last:
        values["period"] = f"{first}..{last}"
    return {name: words for name, words in values.items() if words or (words == "" and name == "key")}


def _usual_pack() -> str:
    return PACK if PACK in books() else next(iter(books()), PACK)


def _grouping(values: Mapping[str, str], groupings: tuple[Grouping, ...]) -> Grouping | None:
    if "by" not in values:
        return None
    found = GROUPINGS.get(values["by"])
    if found not in groupings:
        raise Invalid([Fault("by", "not-a-choice")])
    return found


def _indicator(values: Mapping[str, str], known: IndicatorBook, grouping: Grouping, seen: Scope) -> Indicator:
    if "indicator" not in values:
        found = speaking(known, grouping, seen)
        usual = known.indicators.get(FIRST[grouping.subject])
        return usual if usual in found else found[0]
    (chosen,) = indicators(known, [values["indicator"]]).values()
    chosen = _variant(chosen, values)
    if not speaks_of(chosen, grouping, seen):
        raise Invalid([Fault("indicator", "not-a-choice")])
    return chosen


def _variant(indicator: Indicator, values: Mapping[str, str]) -> Indicator:
    try:
        return indicator.chosen(values.get("variant"))
    except KeyError:
        raise Invalid([Fault("variant", "not-a-choice")]) from None


def _rhythm(values: Mapping[str, str]) -> Rhythmed:
    day, hour = values.get("month_begins_on", "1"), values.get("day_begins_at", "00:00")
    try:
        found = Rhythmed(int(day), time.fromisoformat(hour).strftime("%H:%M"))
        Rhythm(settings.CITYLOOP.zone, found.month_begins_on)
    except ValueError:
        raise Invalid([Fault("month_begins_on", "not-a-choice")]) from None
    return found


def _span(values: Mapping[str, str], rhythm: Rhythmed, facts: FactEdition) -> ChosenPeriod:
    begins = time.fromisoformat(rhythm.day_begins_at)
    return read_span(
        values.get("period", ""), Rhythm(settings.CITYLOOP.zone, rhythm.month_begins_on, begins), facts.as_of
    )


def _is_within(key: Key | None, grouping: Grouping | None, seen: Scope, city: City) -> bool:
    """Return whether such an object can be within a scope: an area must lie in it, a unit must be its unit."""
    if key is None or grouping is None:
        return False
    if any(value not in seen.only.get(name, (value,)) for name, value in zip(grouping.columns, key, strict=True)):
        return False
    if not grouping.is_of_areas or key == (None,):
        return True
    (code,) = key
    area = city.areas.get(code or "")
    if area is None or area.level != grouping.name:
        return False
    if seen.area is None or not is_in_tree(area.level):  # grids of other kinds lie across
        return True
    return code in city.within(seen.area).get(grouping.name, ())
