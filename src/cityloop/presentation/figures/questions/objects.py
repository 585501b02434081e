"""The objects of a ranking: which are listed besides those that were counted, and their names."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from django.utils.translation import gettext as _

from cityloop.core.codes.classes import ClassKey
from cityloop.core.codes.crosswalk import major_of
from cityloop.core.place.areas import is_in_tree
from cityloop.evaluation.indicators.books import sources
from cityloop.intake.queries import has_come_by
from cityloop.presentation.figures.questions.groupings import Grouping, Key
from cityloop.presentation.figures.questions.query import FigureQuery
from cityloop.registry.city.city import City
from cityloop.registry.city.facts import CategoryFacts, title
from cityloop.registry.people.accounts import account_names

MOST = 2_000  # objects that are listed although nothing was counted for them


@dataclass(frozen=True, slots=True)
class ObjectNames:
    """The names of objects; the accounts are queried once for all of them."""

    city: City
    grouping: Grouping
    accounts: Mapping[str, str]

    @classmethod
    def of(cls, city: City, grouping: Grouping, keys: Iterable[Key]) -> "ObjectNames":
        """Return the names of objects of a grouping."""
        streams = {key[0] for key in keys if key[0]} if grouping.name == "person" else set()
        return cls(city, grouping, account_names(streams))

    def name(self, key: Key) -> str:
        """Return the name of an object; its code where the city does not know it."""
        value = key[-1]
        if value is None and self.grouping.name in ("post", "person"):
            return _("Not assigned")
        if value is None:
            return _("Without: %(what)s") % {"what": self.grouping.title(self.city)}
        return self._known(key, value) or value

    def knows(self, key: Key) -> bool:
        """Return whether the city knows an object, or there are reports by such a source."""
        value, city = key[-1], self.city
        if value is None:
            return True
        lookups: Mapping[str, Callable[[], bool]] = {
            "post": lambda: _is_post(value, city),
            "major": lambda: any(_is_major(category, key) for category in city.classes.values()),
            "source": lambda: value in sources() or has_come_by(value),
        }
        return lookups.get(self.grouping.name, lambda: self._known(key, value) not in ("", value))()

    def _known(self, key: Key, value: str) -> str:
        city = self.city
        lookups: Mapping[str, Callable[[], str]] = {
            "department": lambda: unit_name(value, city),
            "unit": lambda: unit_name(value, city),
            "post": lambda: post_name(value, city),
            "person": lambda: self.accounts.get(value, ""),
            "category": lambda: _class_name(key, city),
            "major": lambda: _major_name(key, city),
            "source": lambda: title(sources()[value].title) if value in sources() else "",
        }
        return lookups.get(self.grouping.name, lambda: area_name(value, city))()


def may_be_many(chosen: FigureQuery, many: int) -> bool:
    """Return whether more objects than that are likely, before any were counted."""
    return chosen.grouping is not None and (chosen.grouping.name == "person" or len(_standing(chosen)) > many)


def listed(chosen: FigureQuery, counted: Iterable[Key]) -> list[Key]:
    """Return the objects that were counted, and those that exist although nothing was counted for them."""
    found = dict.fromkeys(counted)
    standing = _standing(chosen)
    return list(found | dict.fromkeys(standing)) if len(standing) <= MOST else list(found)


def _standing(chosen: FigureQuery) -> list[Key]:
    """Return the areas or units that figures of the scope can be about, whatever was counted."""
    city, grouping, seen = chosen.city, chosen.grouping, chosen.scope
    if grouping is None or seen.unit:
        return []
    if grouping.is_of_areas:
        if seen.area and not is_in_tree(grouping.name):
            return []
        within = city.within(seen.area).get(grouping.name, frozenset()) if seen.area else None
        last = (min(chosen.span.period.end, chosen.facts.as_of) - timedelta(microseconds=1)).date()
        return [
            (code,)
            for code, area in city.areas.items()
            if area.level == grouping.name and (within is None or code in within) and area.is_valid(last)
        ]
    if grouping.name not in ("department", "unit") or seen.area:
        return []
    units = [code for code, unit in city.units.items() if unit.handles and unit.is_active]
    if grouping.name == "unit":
        return [(code,) for code in units]
    return [(code,) for code in dict.fromkeys(list(city.units_above(code))[-1].code for code in units)]


def unit_name(value: str, city: City) -> str:
    """Return the name of a unit."""
    return city.units[value].name if value in city.units else ""


def area_name(value: str, city: City) -> str:
    """Return the name of an area."""
    return city.areas[value].name if value in city.areas else ""


def post_name(value: str, city: City) -> str:
    """Return the role and the unit of a post."""
    role, _at, unit = value.partition("@")
    words = title(city.roles[role].title) if role in city.roles else role
    return f"{words} · {city.units[unit].name}" if unit in city.units else words


def _class_name(key: Key, city: City) -> str:
    catalogue, kind, code = (value or "" for value in key)
    found = city.classes.get(ClassKey(catalogue, kind, code).reference)
    return f"{code} {found.name}" if found else code


def _major_name(key: Key, city: City) -> str:
    named = (category.major for category in city.classes.values() if category.major and _is_major(category, key))
    return " ".join(filter(None, (key[-1], next(named, ""))))


def _is_major(category: CategoryFacts, key: Key) -> bool:
    """Return whether a class is of a major class."""
    return (category.catalogue, category.kind, major_of(category.code)) == tuple(value or "" for value in key)


def _is_post(value: str, city: City) -> bool:
    role, _at, unit = value.partition("@")
    return role in city.roles and (not unit or unit in city.units)
