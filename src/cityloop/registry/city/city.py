"""The city in the memory of every process: one frozen value. current.py reads it again when its data changed.

Placing a report, naming a unit and calculating a due moment need this value and no database.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property

from cityloop.core.clocks import worktime
from cityloop.core.clocks.worktime import Calendar, DueMoment, Limit
from cityloop.core.codes.classes import HOME, class_key
from cityloop.core.codes.crosswalk import ClassCrosswalk
from cityloop.core.errors import NotPossible
from cityloop.core.place.areas import TREE, AreaLayout, AreaLocator
from cityloop.core.place.geo import Locator, outline
from cityloop.core.place.responsibility import (
    Duties,
    DutyAnswer,
    DutyCount,
    DutyRule,
    FacilityUnits,
    Skipped,
    responsible,
)
from cityloop.core.procedures.procedure import Procedure, Words
from cityloop.core.procedures.transitions import main_path, stage_graph
from cityloop.registry.city.facts import AreaFacts, CatalogueFacts, CategoryFacts, ConditionFacts, UnitFacts
from cityloop.registry.city.search import ClassSearch, searched
from cityloop.registry.packs.reading import Role
from cityloop.registry.packs.texts.layers import LayerText
from cityloop.runtime import clock

NO_FACILITY = FacilityUnits()
MOST_ANSWERS = 50_000  # cached: which unit is on duty for a class in an area


@dataclass(frozen=True)
class City:
    """Everything that changes rarely, by code."""

    revision: int
    calendar: Calendar
    calendar_number: int  # 0: none was adopted yet
    procedures: Mapping[tuple[str, int], Procedure]
    roles: Mapping[str, Role]
    areas: Mapping[str, AreaFacts]
    classes: Mapping[str, CategoryFacts]  # all of them, by reference
    categories: Mapping[str, CategoryFacts]  # those that a problem may be filed under, by reference
    catalogues: Mapping[str, CatalogueFacts]
    crosswalk: ClassCrosswalk
    other_names: tuple[tuple[str, str], ...]  # what else classes are called, with their references
    units: Mapping[str, UnitFacts]
    duties: Duties
    shapes: Mapping[str, bytes]
    layers: tuple[LayerText, ...] = ()  # that packs open to everybody
    grid_kinds: Mapping[str, Words] = field(default_factory=dict)  # outside the tree, with their titles

    @cached_property
    def places(self) -> AreaLocator:
        """Finds the areas that a place lies in, on any day."""
        return AreaLocator(self.areas, self.shapes)

    @cached_property
    def category_by_name(self) -> Mapping[str, str]:
        """References by name; a name of several classes is that of the first, and other names come last."""
        names = [*((category.name, key) for key, category in self.categories.items()), *self.other_names]
        return {name: key for name, key in reversed(names) if key in self.categories}

    @cached_property
    def class_search(self) -> ClassSearch:
        """All classes of all catalogues, ready to be searched; those that new cases are filed under come first."""
        others: dict[str, list[str]] = {}
        for name, reference in self.other_names:
            others.setdefault(reference, []).append(name)
        in_order = sorted(
            self.classes.items(), key=lambda pair: (pair[0] not in self.categories, pair[1].catalogue != HOME)
        )
        return ClassSearch(searched(key, category, others.get(key, [])) for key, category in in_order)

    @cached_property
    def _main_paths(self) -> dict[tuple[str, int], tuple[str, ...]]:
        return {}

    @cached_property
    def _locators(self) -> dict[str, Locator]:
        return {}

    def due_after(self, start: datetime, limit: Limit) -> DueMoment:
        """Return the due moment of a limit that starts then."""
        return worktime.due(start, limit, self.calendar)

    def procedure(self, name: str, version: int) -> Procedure:
        """Return a procedure in a version; NotPossible where no pack has it any more."""
        try:
            return self.procedures[name, version]
        except KeyError:
            raise NotPossible("procedure-missing") from None

    def latest(self, name: str) -> Procedure:
        """Return the newest version of a procedure."""
        return self.procedures[name, max(version for known, version in self.procedures if known == name)]

    def main_path(self, procedure: Procedure) -> tuple[str, ...]:
        """Return the stages of a procedure's main path."""
        key = procedure.name, procedure.version
        if key not in self._main_paths:
            self._main_paths[key] = tuple(main_path(procedure, stage_graph(procedure)))
        return self._main_paths[key]

    def layout(self, on: date | None = None) -> AreaLayout:
        """Return the areas that are valid on a day, or (None) today."""
        return self.places.on(on or clock.now().astimezone(self.calendar.time_zone).date())

    def areas_at(self, lon: float, lat: float, on: date | None = None) -> Mapping[str, str]:
        """Return the code of the area of each level that a point lies in on a day (None: today); {} outside."""
        return self.layout(on).lineage_at(lon, lat)

    def lineage(self, code: str | None) -> Mapping[str, str]:
        """Return an area and the areas around it by level."""
        return self.places.lineages.get(code or "", {})

    def within(self, code: str) -> Mapping[str, frozenset[str]]:
        """Return the codes of an area and of all areas below it by level, whenever they were valid."""
        return self._within.get(code, {})

    @cached_property
    def _within(self) -> Mapping[str, Mapping[str, frozenset[str]]]:
        found: dict[str, dict[str, set[str]]] = {}
        for code, lineage in self.places.lineages.items():
            for around in lineage.values():
                found.setdefault(around, {}).setdefault(self.areas[code].level, set()).add(code)
        return {code: {level: frozenset(codes) for level, codes in levels.items()} for code, levels in found.items()}

    def category_of(self, words: str) -> str | None:
        """Return the code of the class that the words name by code or by name; None when there is none."""
        words = words.strip()
        if words in self.categories:
            return words
        # A spreadsheet removes leading zeros: 9009 is 09009.
        if words.isdecimal() and (longer := words.zfill(5)) in self.categories:
            return longer
        return self.category_by_name.get(words) or (self._successor(words) if words in self.classes else None)

    def _successor(self, reference: str) -> str | None:
        """Return the class that now replaces one of another catalogue; None where there is not exactly one."""
        key = class_key(reference)
        found = {
            category.reference
            for name in self.catalogues
            if (successors := self.crosswalk.successors(key, name))
            for category in successors.classes
            if category.reference in self.categories
        }
        return found.pop() if len(found) == 1 else None

    def condition(self, named: str) -> ConditionFacts | None:
        """Return the condition for filing that a class's reference and a number name, as in "06010 2"."""
        reference, _, number = named.rpartition(" ")
        category = self.classes.get(reference)
        return category.conditions.get(number) if category else None

    def grade_of(self, areas: Sequence[str]) -> str:
        """Return the grade (管理等级) of the smallest of these areas that has one, "" where none has."""
        levels = {level: place for place, level in enumerate(TREE)}
        known = [area for code in areas if (area := self.areas.get(code)) and area.grade]
        return max(known, key=lambda area: levels.get(area.level, len(levels))).grade if known else ""

    def responsible(
        self, category: str | None, areas: Mapping[str, str], facility: FacilityUnits = NO_FACILITY
    ) -> DutyAnswer:
        """Return every unit that sees to such a problem there, and why; see core/place/responsibility.py."""
        is_listed = self.listed(category, areas) is not None

        def passed_over(code: str) -> Skipped | None:
            unit = self.units.get(code)
            if unit is None:
                return Skipped.UNKNOWN
            if not unit.handles:
                return Skipped.HANDLES_NOTHING if unit.is_active else Skipped.CLOSED
            return Skipped.LISTED if is_listed and self.is_of_community(code) else None

        return responsible(facility, self.duties, category, areas, passed_over)

    def unit_on_duty(
        self, category: str | None, areas: Mapping[str, str], facility: FacilityUnits = NO_FACILITY
    ) -> str | None:
        """Return the unit that sees to such a problem there; None where none does, or several do equally."""
        if facility is not NO_FACILITY:
            return self.responsible(category, areas, facility).unit
        question = (category, *(code for code in areas.values() if code in self.duties.areas))
        if question not in self._on_duty:
            if len(self._on_duty) >= MOST_ANSWERS:
                self._on_duty.clear()
            self._on_duty[question] = self.responsible(category, areas).unit
        return self._on_duty[question]

    @cached_property
    def standings(self) -> Mapping[tuple[str, str], DutyCount]:
        """How many units come first, by the reference of a class that may be filed under and a district."""
        districts = [code for code, area in self.areas.items() if area.level == "district"]
        return {
            (reference, district): self.responsible(reference, self.lineage(district)).standing
            for reference in self.categories
            for district in districts
        }

    @cached_property
    def _on_duty(self) -> dict[tuple[str | None, ...], str | None]:
        return {}

    def listed(self, category: str | None, areas: Mapping[str, str]) -> DutyRule | None:
        """Return the duty that puts such a problem there on a department's list (权责清单); None: on none."""
        return self.duties.listed(category, areas, self.is_department)

    def is_of_community(self, code: str) -> bool:
        """Return whether a unit is a community, or belongs to one."""
        return any(unit.kind == "community" for unit in self.units_above(code))

    def units_above(self, code: str | None) -> Iterator[UnitFacts]:
        """Yield a unit and those it belongs to, one after the other."""
        seen: set[str] = set()
        while code and code not in seen and (unit := self.units.get(code)):
            seen.add(code)
            yield unit
            code = unit.parent

    def is_department(self, code: str) -> bool:
        """Return whether a unit is an active department."""
        unit = self.units.get(code)
        return unit is not None and unit.is_active and unit.kind == "department"

    def locator(self, code: str) -> Locator | None:
        """Return the outline of an area, 320 × 220, for the small picture on a case's page."""
        if code not in self.shapes:
            return None
        if code not in self._locators:
            self._locators[code] = outline(self.shapes[code], 320, 220)
        return self._locators[code]
