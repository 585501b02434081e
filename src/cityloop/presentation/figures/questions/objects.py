"""The objects of a ranking: which there are beside those of which anything was counted, and what they are called."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from django.utils.translation import gettext as _

from cityloop.core.codes.classes import ClassKey
from cityloop.core.codes.crosswalk import major_of
from cityloop.core.place.areas import is_in_tree
from cityloop.evaluation.indicators.books import sources
from cityloop.intake.queries import has_come_by
from cityloop.presentation.figures.questions.asked import Chosen
from cityloop.presentation.figures.questions.groupings import Grouping, Key
from cityloop.registry.city.city import City
from cityloop.registry.city.facts import CategoryFacts, title
from cityloop.registry.people.accounts import account_names

MOST = 2_000  # objects that are listed although nothing was counted of them


@dataclass(frozen=True, slots=True)
class Names:
    """What objects are called; the accounts are asked once for all of them."""

    town: City
    grouping: Grouping
    accounts: Mapping[str, str]

    @classmethod
    def of(cls, town: City, grouping: Grouping, keys: Iterable[Key]) -> "Names":
        """Return the names of objects of a grouping."""
        streams = {key[0] for key in keys if key[0]} if grouping.name == "person" else set()
        return cls(town, grouping, account_names(streams))

    def name(self, key: Key) -> str:
        """Return what an object is called; its code where nobody knows it."""
        value = key[-1]
        if value is None:
            return _("Without: %(what)s") % {"what": self.grouping.title(self.town)}
        return self._known(key, value) or value

    def knows(self, key: Key) -> bool:
        """Return whether the city knows an object, or there are reports by such a source."""
        value, town = key[-1], self.town
        if value is None:
            return True
        ways: Mapping[str, Callable[[], bool]] = {
            "post": lambda: _is_post(value, town),
            "major": lambda: any(_is_major(one, key) for one in town.classes.values()),
            "source": lambda: value in sources() or has_come_by(value),
        }
        return ways.get(self.grouping.name, lambda: self._known(key, value) not in ("", value))()

    def _known(self, key: Key, value: str) -> str:
        town = self.town
        ways: Mapping[str, Callable[[], str]] = {
            "department": lambda: unit_name(value, town),
            "unit": lambda: unit_name(value, town),
            "post": lambda: post_name(value, town),
            "person": lambda: self.accounts.get(value, ""),
            "category": lambda: _class_name(key, town),
            "major": lambda: _major_name(key, town),
            "source": lambda: title(sources()[value].title) if value in sources() else "",
        }
        return ways.get(self.grouping.name, lambda: area_name(value, town))()


def may_be_many(chosen: Chosen, many: int) -> bool:
    """Return whether more objects than that are likely, before any were counted."""
    return chosen.grouping is not None and (chosen.grouping.name == "person" or len(_standing(chosen)) > many)


def listed(chosen: Chosen, counted: Iterable[Key]) -> list[Key]:
    """Return the objects of which anything was counted, and those that stand though nothing was."""
    found = dict.fromkeys(counted)
    standing = _standing(chosen)
    return list(found | dict.fromkeys(standing)) if len(standing) <= MOST else list(found)


def _standing(chosen: Chosen) -> list[Key]:
    """Return the areas or units that figures of the scope may be about, whatever was counted."""
    town, grouping, seen = chosen.town, chosen.grouping, chosen.scope
    if grouping is None or seen.unit:
        return []
    if grouping.is_of_areas:
        if seen.area and not is_in_tree(grouping.name):
            return []
        within = town.within(seen.area).get(grouping.name, frozenset()) if seen.area else None
        last = (min(chosen.span.period.end, chosen.facts.as_of) - timedelta(microseconds=1)).date()
        return [
            (code,)
            for code, area in town.areas.items()
            if area.level == grouping.name and (within is None or code in within) and area.is_valid(last)
        ]
    if grouping.name not in ("department", "unit") or seen.area:
        return []
    units = [code for code, unit in town.units.items() if unit.handles and unit.is_active]
    if grouping.name == "unit":
        return [(code,) for code in units]
    return [(code,) for code in dict.fromkeys(list(town.units_above(code))[-1].code for code in units)]


def unit_name(value: str, town: City) -> str:
    """Return what a unit is called."""
    return town.units[value].name if value in town.units else ""


def area_name(value: str, town: City) -> str:
    """Return what an area is called."""
    return town.areas[value].name if value in town.areas else ""


def post_name(value: str, town: City) -> str:
    """Return the role and the unit of a post."""
    role, _at, unit = value.partition("@")
    words = title(town.roles[role].title) if role in town.roles else role
    return f"{words} · {town.units[unit].name}" if unit in town.units else words


def _class_name(key: Key, town: City) -> str:
    catalogue, kind, code = (value or "" for value in key)
    found = town.classes.get(ClassKey(catalogue, kind, code).reference)
    return f"{code} {found.name}" if found else code


def _major_name(key: Key, town: City) -> str:
    named = (one.major for one in town.classes.values() if one.major and _is_major(one, key))
    return " ".join(filter(None, (key[-1], next(named, ""))))


def _is_major(one: CategoryFacts, key: Key) -> bool:
    """Return whether a class is of a major class."""
    return (one.catalogue, one.kind, major_of(one.code)) == tuple(value or "" for value in key)


def _is_post(value: str, town: City) -> bool:
    role, _at, unit = value.partition("@")
    return role in town.roles and (not unit or unit in town.units)
