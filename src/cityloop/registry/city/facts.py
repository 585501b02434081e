"""What the city in memory knows about an area, a class, a catalogue or a unit."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from django.utils.translation import get_language

from cityloop.core.clocks.worktime import Limit
from cityloop.core.codes.classes import HOME, ClassKey
from cityloop.core.procedures.procedure import Words


@dataclass(frozen=True, slots=True)
class AreaFacts:
    """An area without its polygon."""

    code: str
    name: str
    level: str
    parent: str | None
    grade: str = ""
    valid_from: date | None = None
    valid_until: date | None = None

    def is_valid(self, on: date) -> bool:
        """Return whether the area is valid on a day."""
        return (self.valid_from is None or self.valid_from <= on) and (
            self.valid_until is None or on < self.valid_until
        )


@dataclass(frozen=True, slots=True)
class ConditionFacts:
    """A condition for filing of a class: its limits by grade of area, "" for every other grade."""

    number: str
    filing: str
    closing: str
    limits: Mapping[str, Limit]
    profile: str

    def limit(self, grade: str) -> Limit | None:
        """Return the limit of handling in areas of a grade."""
        return self.limits.get(grade) or self.limits.get("")


@dataclass(frozen=True, slots=True)
class CategoryFacts:
    """A class of a catalogue, its limits by name and its conditions for filing by number."""

    code: str
    name: str
    kind: str
    limits: Mapping[str, Limit]
    catalogue: str = HOME
    major: str = ""
    is_local: bool = False
    readings: str = ""
    conditions: Mapping[str, ConditionFacts] = field(default_factory=dict)

    @property
    def reference(self) -> str:
        return ClassKey(self.catalogue, self.kind, self.code).reference

    def limits_with(self, handling: Limit) -> Mapping[str, Limit]:
        """Return the limits of a case filed by a condition that gives this limit of handling.

        The class's limit of the whole case was set together with its limit of handling, so it applies only with that.
        """
        same = self.limits.get("handle") == handling
        return {**(self.limits if same else {}), "handle": handling}


@dataclass(frozen=True, slots=True)
class CatalogueFacts:
    """A version of the list of classes."""

    name: str
    title: Words
    standard: str
    in_force_from: date | None
    in_force_until: date | None
    in_use: bool


@dataclass(frozen=True, slots=True)
class UnitFacts:
    """A unit."""

    code: str
    name: str
    handles: bool
    kind: str = "department"
    parent: str | None = None
    is_active: bool = True


def title(words: Words) -> str:
    """Return a title in the language of the present screen."""
    language = (get_language() or "zh-hans").split("-")[0]
    return words.get(language) or words["zh"]
