"""Names and amounts as people read them: classes, areas, units, limits, moments, answers."""

from collections.abc import Callable
from datetime import datetime

from django.conf import settings
from django.utils.translation import gettext, ngettext

from cityloop.core.clocks.history import Clock
from cityloop.core.clocks.worktime import Limit, LimitUnit
from cityloop.core.procedures.needs import members
from cityloop.core.procedures.procedure import Need, NeedKind
from cityloop.registry.city.city import City
from cityloop.registry.city.facts import title

_UNITS: dict[LimitUnit, Callable[[int], str]] = {
    LimitUnit.MINUTE: lambda n: ngettext("%(n)d minute", "%(n)d minutes", n),
    LimitUnit.HOUR: lambda n: ngettext("%(n)d hour", "%(n)d hours", n),
    LimitUnit.DAY: lambda n: ngettext("%(n)d day", "%(n)d days", n),
    LimitUnit.URGENT_HOUR: lambda n: ngettext("%(n)d urgent hour", "%(n)d urgent hours", n),
    LimitUnit.URGENT_DAY: lambda n: ngettext("%(n)d urgent day", "%(n)d urgent days", n),
    LimitUnit.WORK_HOUR: lambda n: ngettext("%(n)d working hour", "%(n)d working hours", n),
    LimitUnit.WORK_DAY: lambda n: ngettext("%(n)d working day", "%(n)d working days", n),
}


def named_category(code: str | None, words: str | None, city: City) -> str | None:
    """Return the class's name, or the words that the reporter's channel used for it."""
    category = city.classes.get(code or "")
    return category.name if category else words or code


def area_name(code: str | None, city: City) -> str | None:
    """Return the area's name, or its code if the area is no longer known."""
    area = city.areas.get(code or "")
    return area.name if area else code or None


def unit_name(code: str | None, city: City) -> str | None:
    """Return the unit's name, or its code if the unit is no longer known."""
    unit = city.units.get(code or "")
    return unit.name if unit else code


def limit_words(limit: Limit) -> str:
    """Return a limit in the reader's language: 2 工作日."""
    return _UNITS[limit.unit](limit.amount) % {"n": limit.amount}


def clock_limit_words(clock: Clock) -> str:
    """Return the limit of a clock with its extensions: 4 工作日（含延期 2）."""
    limit, more = clock.limit_in_force, clock.extensions
    if not more:
        return limit_words(limit)
    if any(extension.unit is not limit.unit for extension in more):
        values = {"limit": limit_words(limit), "more": gettext(", ").join(map(limit_words, more))}
        return gettext("%(limit)s (extended by %(more)s)") % values
    longer = sum(extension.amount for extension in more)
    total = limit_words(Limit(limit.amount + longer, limit.unit))
    return gettext("%(limit)s (%(more)d of them by extension)") % {"limit": total, "more": longer}


def moment_words(moment: datetime) -> str:
    """Return a moment in the city's time, to the minute."""
    return moment.astimezone(settings.CITYLOOP.zone).strftime("%Y-%m-%d %H:%M")


def answered(need: Need, answer: str, city: City) -> str:
    """Return an answer as people read it, with names instead of codes."""
    match need.kind:
        case NeedKind.CATEGORY:
            return named_category(answer, None, city) or answer
        case NeedKind.CONDITION:
            condition = city.condition(answer)
            return condition.filing if condition else answer
        case NeedKind.DISTRICT:
            return area_name(answer, city) or answer
        case NeedKind.UNIT | NeedKind.UNITS:
            return gettext(", ").join(unit_name(code, city) or code for code in members(answer))
    chosen = dict(need.choices).get(answer)
    return title(chosen) if chosen else answer
