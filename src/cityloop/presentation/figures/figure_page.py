"""The page of one figure: formula, parts, variants, history, the facts it was counted over."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

from django.urls import reverse
from django.utils.translation import gettext as _

from cityloop.core.errors import NotFound
from cityloop.core.indicators.indicator import FigureCount, Indicator, Term
from cityloop.evaluation.answers.asked import Waiting, figures, is_about, rows_behind
from cityloop.evaluation.indicators.appraising import Appraisal, sql
from cityloop.presentation.figures.questions.objects import ObjectNames
from cityloop.presentation.figures.questions.query import FigureQuery, coded
from cityloop.presentation.figures.questions.spans import named
from cityloop.presentation.figures.ranking import amount, made_of, tally
from cityloop.presentation.figures.trends import Bar, bar_lengths
from cityloop.registry.city.facts import title


@dataclass(frozen=True, slots=True)
class FigurePart:
    """One count above or below the line: its title, its amount, the address of its cases."""

    sign: int
    title: str
    meaning: str
    amount: str
    url: str
    sql: str


@dataclass(frozen=True, slots=True)
class FigureVariant:
    """A variant of the figure, with its own value."""

    title: str
    formula: str
    written: str
    made_of: str
    url: str
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class FigurePage:
    """Everything the page shows once it was counted."""

    object_name: str
    found: FigureCount
    written: str
    above: tuple[FigurePart, ...]
    below: tuple[FigurePart, ...]
    variants: tuple[FigureVariant, ...]
    bars: tuple[Bar, ...]

    @property
    def numerator(self) -> str:
        return amount(self.found.numerator)

    @property
    def denominator(self) -> str:
        return "" if self.found.denominator is None else amount(self.found.denominator)


def figure_page(chosen: FigureQuery, language: str, now: datetime) -> FigurePage | Waiting:
    """Return the page's content, or Waiting while it is counted; NotFound where the object does not exist."""
    object_name = name_of(chosen)
    variants = [chosen.indicator.chosen(name) for name in chosen.indicator.variants] if _plain(chosen) else []
    indicators = [_plain_of(chosen), *variants] if variants else [chosen.indicator]
    period = chosen.span.period.name
    codes = tuple(dict.fromkeys([coded(indicator) for indicator in indicators]))
    table = figures(chosen.facts, chosen.pack, chosen.asking(codes, (period,)), now)
    trend = figures(chosen.facts, chosen.pack, chosen.asking((chosen.code,), chosen.span.trend), now)
    if isinstance(table, Waiting) or isinstance(trend, Waiting):
        return min(
            (answer for answer in (table, trend) if isinstance(answer, Waiting)), key=lambda answer: not answer.failure
        )
    found = tally(chosen, table, chosen.code, period, chosen.key)
    amounts = _amounts(chosen, found, now)
    if isinstance(amounts, Waiting):
        return amounts
    part = _part_writer(chosen, amounts, language)
    return FigurePage(
        object_name=object_name,
        found=found,
        written=chosen.indicator.written(found),
        above=tuple(map(part, chosen.indicator.numerator)),
        below=tuple(map(part, chosen.indicator.denominator)),
        variants=tuple(_variant(chosen, indicator, table, language) for indicator in indicators) if variants else (),
        bars=_bars(chosen, trend),
    )


def _plain(chosen: FigureQuery) -> bool:
    return bool(chosen.indicator.variants)


def _plain_of(chosen: FigureQuery) -> Indicator:
    return chosen.book.indicators[chosen.indicator.code]


def name_of(chosen: FigureQuery) -> str:
    """Return the name of the object, "" for everything; NotFound where neither the city nor an answer knows it.

    It is called before anything is counted, so that trying keys costs nothing.
    """
    if chosen.key is None or chosen.grouping is None:
        return ""
    names = ObjectNames.of(chosen.city, chosen.grouping, [chosen.key])
    if not names.knows(chosen.key) and not is_about(chosen.by, chosen.key):
        raise NotFound("no-such-figure")
    return names.name(chosen.key)


def _amounts(chosen: FigureQuery, found: FigureCount, now: datetime) -> Mapping[str, Fraction] | Waiting:
    """Return the amount of each count; the parts of a sum are queried, because only the sum was counted."""
    amounts: dict[str, Fraction] = {}
    for terms, whole in (
        (chosen.indicator.numerator, found.numerator),
        (chosen.indicator.denominator, found.denominator),
    ):
        if len(terms) == 1 and whole is not None:
            amounts[terms[0].count] = terms[0].sign * whole
    asking = chosen.asking_one(chosen.code, chosen.span.period.name)
    for term in chosen.indicator.terms:
        if term.count not in amounts:
            behind = rows_behind(chosen.facts, chosen.pack, asking, term.count, now)
            if isinstance(behind, Waiting):
                return behind
            amounts[term.count] = Fraction(behind.total)
    return amounts


def _part_writer(chosen: FigureQuery, amounts: Mapping[str, Fraction], language: str) -> Callable[[Term], FigurePart]:
    asking = chosen.asking_one(chosen.code, chosen.span.period.name)
    zone = ZoneInfo(chosen.facts.zone)

    def part(term: Term) -> FigurePart:
        count = chosen.book.counts[term.count]
        return FigurePart(
            term.sign,
            count.title[language],
            count.meaning[language],
            amount(amounts[term.count]),
            cases_url(chosen, term.count),
            sql(chosen.book, chosen.indicator, term.count, asking, chosen.facts.as_of, zone),
        )

    return part


def cases_url(chosen: FigureQuery, count: str, after: str = "") -> str:
    """Return the address of the cases behind a count of the figure."""
    place = reverse("figures:cases", args=[chosen.pack, chosen.indicator.code])
    further = f"&after={after}" if after else ""
    return f"{place}?{chosen.words(pack=None, indicator=None, variant=chosen.indicator.variant)}&count={count}{further}"


def _variant(chosen: FigureQuery, indicator: Indicator, table: Appraisal, language: str) -> FigureVariant:
    found = tally(chosen, table, coded(indicator), chosen.span.period.name, chosen.key)
    return FigureVariant(
        title=title(indicator.variants[indicator.variant].title) if indicator.variant else _("Standard method"),
        formula=chosen.book.formula(indicator, language),
        written=indicator.written(found),
        made_of=made_of(found),
        url=chosen.figure_url(indicator, chosen.key),
        is_chosen=indicator.variant == chosen.indicator.variant,
    )


def _bars(chosen: FigureQuery, trend: Appraisal) -> tuple[Bar, ...]:
    names = chosen.span.trend
    found = [tally(chosen, trend, chosen.code, name, chosen.key) for name in names]
    lengths = bar_lengths(chosen.indicator, [chosen.indicator.value(count) for count in found])
    return tuple(
        Bar(
            period=name,
            title=named(name, chosen.span.length),
            written=chosen.indicator.written(count),
            made_of=made_of(count),
            length=length,
            url=chosen.figure_url(chosen.indicator, chosen.key, period=name),
            is_current=name == chosen.span.period.name,
        )
        for name, count, length in zip(names, found, lengths, strict=True)
    )


def description(chosen: FigureQuery, language: str) -> dict[str, Any]:
    """Return what the page says about the figure whatever was counted: formula, standard, basis, exclusions."""
    indicator = chosen.indicator
    return {
        "title": title(indicator.title),
        "variant": title(indicator.variants[indicator.variant].title) if indicator.variant else "",
        "formula": chosen.book.formula(indicator, language),
        "clause": indicator.clause,
        "basis": basis_words(indicator.basis),
        "excludes": [chosen.book.exclusions[name][language] for name in indicator.excludes],
    }


def basis_words(basis: str) -> str:
    """Return on what a formula rests where it is not taken from an implementation of the standard; else ""."""
    return _("by the usual reading of the standard") if basis == "usual" else ""
