"""How moments, durations, shares and lamps are written on a page. Only text is made here."""

from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Any
from urllib.parse import urlencode

from django import template
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timezone import localtime
from django.utils.translation import get_language, pgettext
from django.utils.translation import gettext as _

from cityloop.core.clocks.worktime import Lamp
from cityloop.evaluation.queries import DistrictFigures

register = template.Library()

_MINUTE, _HOUR, _DAY = 60, 3600, 86400


@register.filter
def moment(value: datetime | None) -> str:
    """2026-11-21 15:00 on the city's wall clock; a dash for none."""
    return localtime(value).strftime("%Y-%m-%d %H:%M") if value else "—"


@register.filter
def until(closes_at: datetime, opens_at: datetime) -> str:
    """The end of an interval: only the time where it ends on the day it began."""
    same_day = localtime(closes_at).date() == localtime(opens_at).date()
    return localtime(closes_at).strftime("%H:%M" if same_day else "%Y-%m-%d %H:%M")


@register.filter
def between(closes_at: datetime, opens_at: datetime) -> int:
    """The seconds between two moments cut to the minutes that are shown, so that the intervals of a clock add up."""
    return int((closes_at.replace(second=0) - opens_at.replace(second=0)).total_seconds())


@register.filter
def day(value: datetime) -> str:
    """2026-11-21 on the city's calendar."""
    return localtime(value).strftime("%Y-%m-%d")


@register.filter
def time_of_day(value: datetime) -> str:
    """15:00 on the city's wall clock."""
    return localtime(value).strftime("%H:%M")


@register.filter
def weekday(value: datetime) -> str:
    """周六, Sat."""
    return (_("Mon"), _("Tue"), _("Wed"), _("Thu"), _("Fri"), _("Sat"), _("Sun"))[localtime(value).weekday()]


@register.filter
def lasting(seconds: int) -> str:
    """A duration in its two largest units: 1 天 3 小时, 2 小时 10 分钟."""
    days, hours, minutes = seconds // _DAY, seconds % _DAY // _HOUR, seconds % _HOUR // _MINUTE
    if days:
        return _joined((days, _("%d d")), (hours, _("%d h")))
    return _joined((hours, _("%d h")), (minutes, _("%d min"))) or _("less than 1 min")


@register.filter
def counted(seconds: int) -> str:
    """A duration of counted time in hours and minutes: a working day has no fixed number of hours to a reader."""
    hours, minutes = seconds // _HOUR, seconds % _HOUR // _MINUTE
    return _joined((hours, _("%d h")), (minutes, _("%d min"))) or _("%d min") % 0


@register.filter
def remaining(due_at: datetime, now: datetime) -> str:
    """剩余 2 小时 10 分钟, 超期 1 天."""
    seconds = int((due_at - now).total_seconds())
    if 0 <= seconds < _MINUTE:
        return _("less than 1 min left")
    return _("%s left") % lasting(seconds) if seconds >= 0 else _("%s overdue") % lasting(-seconds)


@register.filter
def ago(value: datetime, now: datetime) -> str:
    """2 小时 10 分钟前."""
    return _("%s ago") % lasting(max(0, int((now - value).total_seconds())))


@register.filter
def percent(share: Fraction | None) -> str:
    """97.3%, and a dash where there is nothing to count."""
    return "—" if share is None else f"{tenths(share)}%"


@register.filter
def tenths(share: Fraction) -> str:
    """A share in percent with one decimal and without %, also used as a length in a drawing."""
    exact = Decimal(share.numerator) * 100 / Decimal(share.denominator)
    return str(exact.quantize(Decimal("0.1"), ROUND_HALF_UP))


@register.filter
def lamp_word(lamp: Lamp) -> str:
    """正常, 临期, 超期."""
    words = {
        Lamp.GREEN: pgettext("lamp", "Green"),
        Lamp.YELLOW: pgettext("lamp", "Yellow"),
        Lamp.RED: pgettext("lamp", "Red"),
    }
    return words[lamp]


@register.filter
def capped(choice: Any) -> str:
    """A chip's count: 12, or 999+ where counting stopped."""
    return f"{choice.count}+" if choice.capped else f"{choice.count}"


@register.filter
def title_of(choices: Any, value: str) -> str:
    """The title of the choice with that value; the value itself where there is none."""
    return next((choice.title for choice in choices if choice.value == value), value)


@register.simple_tag
def icon(name: str) -> SafeString:
    """An icon of the sprite; decoration only, so it needs text next to it or a label."""
    return format_html(
        '<svg class="icon" aria-hidden="true" focusable="false"><use href="{}#{}"/></svg>',
        static("vendor/icons.svg"),
        name,
    )


@register.filter
def unlocalized(number: float) -> str:
    """A number as a drawing or a form needs it, whatever the language."""
    return str(number)


@register.filter
def figure_word(figure: str) -> str:
    """The title of a figure that cases can be listed by."""
    words = {
        "reported": _("Reported"),
        "filed": _("Filed"),
        "closed": _("Closed"),
        "closed_in_time": _("Closed in time"),
    }
    return words[figure]


@register.simple_tag
def figure_url(row: DistrictFigures, month: date, figure: str) -> str:
    """The address of the cases behind a number of the ranking."""
    query = {"district": row.district, "month": f"{month:%Y-%m}", "figure": figure}
    return f"{reverse('workbench:cases')}?{urlencode(query)}"


@register.simple_tag(takes_context=True)
def narrowed(context: template.Context, name: str, value: str | None = None) -> str:
    """This page's address with one filter set, or removed where the value is None; paging starts again."""
    query = context["request"].GET.copy()
    for dropped in ("after", name):
        query.pop(dropped, None)
    if value is not None:
        query[name] = value
    return f"?{query.urlencode()}"


@register.simple_tag
def lamp(lamp: Lamp | str | None) -> str:
    """The lamp's shape, word and colour; a dash for none."""
    return _drawn(Lamp(lamp) if lamp else None, get_language() or "")


@lru_cache(maxsize=16)
def _drawn(lamp: Lamp | None, language: str) -> str:
    """Render each lamp once per language: a queue shows fifty of four."""
    return render_to_string("workbench/lamp.html", {"lamp": lamp})


def _joined(*parts: tuple[int, str]) -> str:
    return " ".join(words % number for number, words in parts if number)
