"""Template tags of figures: titles and addresses."""

from django import template
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from cityloop.core.indicators.indicator import Better, FigureUnit, Indicator
from cityloop.evaluation.answers.failures import read_failure
from cityloop.evaluation.indicators.texts import DeclaredCount
from cityloop.presentation.figures.questions import choices
from cityloop.presentation.figures.questions.query import FigureQuery
from cityloop.presentation.figures.ranking import Movement
from cityloop.presentation.pages.sentences import fault_words
from cityloop.registry.city.facts import title

register = template.Library()

register.filter("called", choices.called)


@register.filter
def failure_words(failure: str) -> str:
    """Return why figures cannot be counted, in the reader's language."""
    return " ".join(map(fault_words, read_failure(failure)))


@register.filter
def with_period(chosen: FigureQuery, period: str) -> str:
    """The address of the same query for another period."""
    return f"?{chosen.words(period=period)}"


@register.filter
def ranking_url(chosen: FigureQuery) -> str:
    """The address of the ranking that a figure is in."""
    words = chosen.words(pack=chosen.pack, indicator=chosen.code, key=None, variant=None)
    return f"{reverse('figures:ranking')}?{words}"


@register.filter
def own_url(chosen: FigureQuery) -> str:
    """The address of the figure itself."""
    return chosen.figure_url(chosen.indicator, chosen.key)


@register.filter
def count_title(count: DeclaredCount) -> str:
    """The name of a count."""
    return title(count.title)


@register.filter
def count_meaning(count: DeclaredCount) -> str:
    """What a count means."""
    return title(count.meaning)


@register.filter
def arrow(places: int) -> str:
    """↑2, ↓1."""
    return f"{'↑' if places > 0 else '↓'}{abs(places)}"


@register.filter
def better_words(indicator: Indicator) -> str:
    """Which way a figure is better."""
    if indicator.is_statistic:
        return _("A statistic: nobody is ranked or scored by it.")
    return {
        Better.MORE: _("Higher is better."),
        Better.LESS: _("Lower is better."),
        Better.NEITHER: _("Neither higher nor lower is better: the order shows how much, not how good."),
    }[indicator.better]


@register.filter
def movement_words(moved: Movement, indicator: Indicator) -> str:
    """How a figure moved, in a sentence: for who does not see the arrows."""
    if moved.change is None:
        return _("Nothing to compare with")
    unit = _("percentage points") if indicator.unit is FigureUnit.PERCENT else indicator.unit.sign
    values = {"change": f"{abs(moved.change):f} {unit}".strip()}
    words = [
        _("unchanged")
        if not moved.change
        else _("%(change)s more") % values
        if moved.change > 0
        else _("%(change)s less") % values
    ]
    if moved.places:
        up, down = (
            ngettext("%d place up", "%d places up", moved.places),
            ngettext("%d place down", "%d places down", -moved.places),
        )
        words.append(up % moved.places if moved.places > 0 else down % -moved.places)
    return _(", ").join(words)
