"""What can be chosen on the pages of figures, as chips and options with the addresses they lead to."""

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import get_language, pgettext
from django.utils.translation import gettext as _

from cityloop.core.indicators.indicator import Indicator
from cityloop.evaluation.answers import editions
from cityloop.evaluation.answers.scopes import Scope, scopes
from cityloop.evaluation.indicators.books import books, titles
from cityloop.presentation.figures.questions.groupings import Grouping, offered, speaks_of
from cityloop.presentation.figures.questions.objects import area_name, unit_name
from cityloop.presentation.figures.questions.query import FigureQuery, coded, speaking
from cityloop.presentation.pages.htmx import wants_fragment
from cityloop.presentation.pages.people import person
from cityloop.registry.city.city import City
from cityloop.registry.city.facts import title

MONTHS = (1, *range(16, 29))  # days on which months may begin
DAYS = ("00:00", "06:00", "08:00", "12:00", "18:00")


@dataclass(frozen=True, slots=True)
class Chip:
    """One choice: its title, its address, whether it is chosen."""

    title: str
    url: str
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class Option:
    """One option of a select."""

    value: str
    title: str
    is_chosen: bool


def language() -> str:
    """Return the language of the page as packs name it."""
    return "en" if (get_language() or "").startswith("en") else "zh"


def scope_name(seen: Scope, city: City) -> str:
    """Return whose cases figures are over."""
    area, unit = area_name(seen.area or "", city), unit_name(seen.unit or "", city)
    return " · ".join(filter(None, (area, unit))) or _("Whole city")


def choices(request: HttpRequest, chosen: FigureQuery) -> dict[str, Any]:
    """Return everything that can be chosen on a page; a fragment shows none of it."""
    names = {"scope_name": scope_name(chosen.scope, chosen.city)}
    if chosen.grouping:
        names["grouping_title"] = chosen.grouping.title(chosen.city)
    if wants_fragment(request):
        return names
    return {
        **names,
        "scopes": _scopes(request, chosen),
        "packs": _packs(chosen),
        "groupings": _groupings(chosen),
        "lengths": _lengths(chosen),
        "indicators": _indicators(chosen, chosen.grouping) if chosen.grouping and chosen.key is None else [],
        "editions": _editions(chosen),
        "months": [Option(str(day), str(day), day == chosen.rhythm.month_begins_on) for day in MONTHS],
        "days": [Option(hour, hour, hour == chosen.rhythm.day_begins_at) for hour in DAYS],
        "kept": {
            name: words for name, words in chosen.query.items() if name not in ("edition", *chosen.rhythm._fields)
        },
    }


def _scopes(request: HttpRequest, chosen: FigureQuery) -> list[Chip]:
    known = scopes(person(request), chosen.city)
    return [
        Chip(
            scope_name(scope, chosen.city),
            f"?{chosen.words(scope=scope.name, by=None, indicator=None)}",
            scope == chosen.scope,
        )
        for scope in (known if len(known) > 1 else ())
    ]


def _packs(chosen: FigureQuery) -> list[Chip]:
    known = books()
    if len(known) < 2:
        return []
    words = titles()
    return [
        Chip(title(words[pack]), f"?{chosen.words(pack=pack, indicator=None, variant=None)}", pack == chosen.pack)
        for pack in known
    ]


def _groupings(chosen: FigureQuery) -> list[Chip]:
    return [_grouping(grouping, chosen) for grouping in offered(chosen.scope, chosen.city)]


def _grouping(grouping: Grouping, chosen: FigureQuery) -> Chip:
    """Return the chip of a grouping; an indicator that has no figures for such objects is dropped."""
    kept = chosen.code if speaks_of(chosen.indicator, grouping, chosen.scope) and "indicator" in chosen.query else None
    url = f"?{chosen.words(by=grouping.name, indicator=kept, variant=None)}"
    return Chip(grouping.title(chosen.city), url, grouping == chosen.grouping)


def _lengths(chosen: FigureQuery) -> list[Chip]:
    return [
        Chip(length.title, f"?{chosen.words(period=length.period)}", length.value is chosen.span.length)
        for length in chosen.span.lengths
    ]


def _indicators(chosen: FigureQuery, grouping: Grouping) -> list[tuple[str, list[Option]]]:
    """Return the figures to rank by, shares and counts apart, each with its variants."""
    groups: dict[str, list[Option]] = {_("Shares"): [], pgettext("figures", "Counts"): []}
    for indicator in speaking(chosen.book, grouping, chosen.scope):
        variants = [indicator, *(indicator.chosen(name) for name in indicator.variants)]
        group = groups[_("Shares") if indicator.denominator else pgettext("figures", "Counts")]
        group += [_option(variant, chosen) for variant in variants if speaks_of(variant, grouping, chosen.scope)]
    return list(groups.items())


def _option(indicator: Indicator, chosen: FigureQuery) -> Option:
    return Option(coded(indicator), called(indicator), coded(indicator) == chosen.code)


def called(indicator: Indicator) -> str:
    """Return the name of an indicator, with its variant."""
    if indicator.variant is None:
        return title(indicator.title)
    words = {"title": title(indicator.title), "variant": title(indicator.variants[indicator.variant].title)}
    return _("%(title)s (%(variant)s)") % words


def _editions(chosen: FigureQuery) -> list[editions.Offered]:
    """Return the facts of the past to choose from, among them those chosen."""
    found = list(editions.offered(settings.CITYLOOP.zone))
    if chosen.facts.name not in {listed.name for listed in found}:
        found.append(editions.Offered(chosen.facts.name, chosen.facts.as_of))
    return found
