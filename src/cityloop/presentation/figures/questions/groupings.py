"""By what figures can be grouped on a page, and which indicators apply to it. What a person may see: scopes.py."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from cityloop.core.indicators.indicator import Indicator, Subject
from cityloop.core.place.areas import TREE
from cityloop.evaluation.answers.scopes import LEVELS, Scope
from cityloop.registry.areas.answers import level_title
from cityloop.registry.city.city import City

APART = "~"  # between the values of a key that has several
SHOWN = tuple(level for level in LEVELS if level != "social_grid")


@dataclass(frozen=True, slots=True)
class Grouping:
    """One way to group figures: the columns of the facts, and the subject that an indicator must have (None: any)."""

    name: str
    columns: tuple[str, ...]
    subject: Subject | None = None

    @property
    def is_of_areas(self) -> bool:
        return self.subject is Subject.AREA

    def title(self, city: City) -> str:
        """Return the name of its objects."""
        return _words().get(self.name) or level_title(self.name, city)


GROUPINGS: Mapping[str, Grouping] = {
    grouping.name: grouping
    for grouping in (
        *(Grouping(level, (level,), Subject.AREA) for level in SHOWN),
        Grouping("department", ("department",), Subject.DEPARTMENT),
        Grouping("unit", ("unit",), Subject.DEPARTMENT),
        Grouping("post", ("post",), Subject.POST),
        Grouping("person", ("person",), Subject.PERSON),
        # A component and a matter may share a code, and so may classes of two catalogues.
        Grouping("major", ("catalogue", "category_kind", "major")),
        Grouping("category", ("catalogue", "category_kind", "category")),
        Grouping("source", ("source",)),
    )
}

Key = tuple[str | None, ...]


def key_words(key: Key) -> str:
    """Return a key as it is written in an address; None is written as nothing."""
    return APART.join(value or "" for value in key)


def read_key(words: str, grouping: Grouping) -> Key | None:
    """Return the key that an address names; None where it is not a key of that grouping."""
    parts = tuple(part or None for part in words.split(APART))
    return parts if len(parts) == len(grouping.columns) else None


def offered(scope: Scope, city: City) -> tuple[Grouping, ...]:
    """Return the groupings that are useful within a scope, areas first."""
    there = {area.level for area in city.areas.values()}
    return tuple(grouping for grouping in GROUPINGS.values() if _is_of_use(grouping, scope, there))


def speaks_of(indicator: Indicator, grouping: Grouping | None, scope: Scope) -> bool:
    """Return whether an indicator has figures for such objects in a scope: it must have both subjects."""
    subjects = {grouping.subject} if grouping and grouping.subject else set()
    if scope.unit:
        subjects.add(Subject.DEPARTMENT)
    elif scope.area:
        subjects.add(Subject.AREA)
    return subjects <= set(indicator.subjects)


def _words() -> dict[str, str]:
    return {
        "department": _("Department"),
        "unit": pgettext("organisation", "Unit"),
        "post": _("Post"),
        "person": _("Person"),
        "category": _("Category"),
        "major": _("Major class"),
        "source": _("Source"),
    }


def _is_of_use(grouping: Grouping, scope: Scope, there: set[str]) -> bool:
    if grouping.subject is Subject.AREA:
        return grouping.name in there and not _is_around(grouping.name, scope.level)
    if grouping.subject is Subject.DEPARTMENT and scope.unit:
        return False  # its figures are those of one unit
    return grouping.subject is None or grouping.subject in scope.subjects


def _is_around(level: str, within: str | None) -> bool:
    """Return whether areas of a level are no smaller than one of another."""
    if within is None:
        return False
    if within not in TREE or level not in TREE:
        return within not in TREE  # of a grid everything is looked at together
    return TREE.index(level) <= TREE.index(within)
