"""Compare the areas of a file with known ones: find parents, dates, what ends and what moves. Nothing is written."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from shapely.geometry.base import BaseGeometry

from cityloop.core.errors import Fault, Invalid
from cityloop.core.place.areas import is_in_tree, spoken
from cityloop.core.place.geo import dissolve
from cityloop.registry.areas.actions import NewArea
from cityloop.registry.areas.imports import dates as area_dates
from cityloop.registry.areas.imports import doubts as area_doubts
from cityloop.registry.areas.imports.dates import Days
from cityloop.registry.areas.imports.gathering import Further, Gathered
from cityloop.registry.areas.imports.mapping import AreasText
from cityloop.registry.areas.imports.parents import Parents, adopted
from cityloop.registry.areas.known import DISSOLVED, Known, KnownArea


@dataclass(frozen=True, slots=True)
class Boundaries:
    """The areas of a file, parents first; known areas that end or move into new ones; what to report.

    Notices say what was left out or changed, doubts what may be wrong; the summary counts the doubts.
    """

    areas: tuple[NewArea, ...]
    notices: tuple[Fault, ...]
    doubts: tuple[Fault, ...] = ()
    summary: tuple[str, ...] = ()
    ended: tuple[KnownArea, ...] = ()
    ends: date | None = None
    moved: Mapping[str, str] = field(default_factory=dict)  # known areas, and the new ones into which they move

    def count(self, level: str) -> int:
        """Return how many areas of a level there are."""
        return sum(area.level == level for area in self.areas)

    def rows(self) -> list[dict[str, Any]]:
        """Return the areas as rows; known areas keep the columns that their rows lack."""
        ending = [{"code": area.code, "valid_until": self.ends} for area in self.ended]
        moving = [{"code": code, "parent": parent} for code, parent in self.moved.items()]
        return [*(area.values() for area in self.areas), *ending, *moving]


@dataclass(frozen=True)
class AreaSettling:
    """The areas gathered from a file, to be compared with the known ones."""

    text: AreasText
    levels: Mapping[str, Gathered]
    known: Known
    days: Days
    notices: list[Fault]

    @property
    def own(self) -> Gathered:
        return self.levels[self.text.own_level]

    def checked(self, *, strict: bool) -> Boundaries:
        """Return what to import; raise Invalid for faults, and for doubts if strict."""
        shapes = self.own.joined()
        current = {code: area for code, area in self.known.items() if area.is_current(self.days.begins)}
        least = self.text.tolerance_square_metres
        faults = area_dates.faults(self.own, shapes, self.known, self.days, least)
        faults += self._unknown_parents()
        if faults:
            raise Invalid(faults)
        own = list(self._own_areas(shapes, current))
        parents = {area.parent for area in own}
        ending = area_dates.ended(self.own, parents, self.known, self.days, self.text.replaces)
        codes = {area.code for area in ending}
        left = {code: area for code, area in current.items() if code not in codes}
        areas = [*self._larger_areas(left), *own]
        moved = adopted(self.own.level, shapes, left, self.own.names)
        doubts = area_doubts.of_import(areas, self.own, shapes, left, self.known, least)
        if strict and doubts.faults:
            raise Invalid(doubts.faults)
        self._note_ending(ending, moved)
        return Boundaries(
            tuple(areas), tuple(self.notices), tuple(doubts.faults), tuple(doubts.summary), tuple(ending),
            self.days.begins if ending else None, moved,
        )  # fmt: skip

    def _unknown_parents(self) -> Iterator[Fault]:
        """Yield the larger areas that are not known and cannot be made, as the mapping gives no name for them."""
        for level, properties in self.text.around.items():
            if properties.name is None:
                for code in sorted(self.levels[level].names.keys() - self.known.keys()):
                    yield Fault(f"{spoken(level)} {code}", "larger-area-unknown")
        if self.text.parent:
            for code, parent in sorted(self.own.parents.items()):
                if parent and parent not in self.known:
                    yield Fault(f"{spoken(self.own.level)} {code}", "parent-unknown", {"parent": parent})

    def _larger_areas(self, current: Known) -> Iterator[NewArea]:
        """Yield the larger areas: known ones keep their own polygon, others are dissolved from the areas inside."""
        parents = Parents(current, self.notices)
        for level in self.text.around:
            gathered = self.levels[level]
            for code in sorted(gathered.names):
                before = self.known.get(code)
                is_own = before is not None and not before.attributes.get(DISSOLVED)
                shape = before.shape if before and is_own else self._dissolved(code, gathered, current)
                name = gathered.names[code] if self.text.named[level].name or before is None else before.name
                parent = parents.of(code, level, shape, gathered.parents[code])
                attributes = None if is_own else {**(before.attributes if before else {}), DISSOLVED: True}
                wkb = before.wkb if before and is_own else shape.wkb
                yield NewArea(code, name, level, parent, wkb, attributes=attributes)

    def _dissolved(self, code: str, gathered: Gathered, current: Known) -> BaseGeometry:
        """Return the polygon of everything inside an area: the areas of the file, and the other known ones."""
        others = (
            area.shape
            for area in current.values()
            if area.level == self.own.level and area.code not in self.own.names and code in _around(area, current)
        )
        return dissolve([*gathered.polygons[code], *others])

    def _own_areas(self, shapes: Mapping[str, BaseGeometry], current: Known) -> Iterator[NewArea]:
        """Yield the features' own areas."""
        parents = Parents(current, self.notices)
        for code, shape in shapes.items():
            further, before = self.own.further.get(code, Further()), self.known.get(code)
            name = self.own.names[code] if self.text.own.name or before is None else before.name
            starts = area_dates.begins(code, further, self.known, self.days, self.text.replaces)
            kept = {**(before.attributes if before else {}), **further.attributes}
            kept.pop(DISSOLVED, None)  # now it has a polygon of its own
            parent = self._parent(code, shape, parents)
            yield NewArea(
                code, name, self.own.level, parent, shape.wkb, further.grade, starts, further.valid_until, kept
            )

    def _parent(self, code: str, shape: BaseGeometry, parents: Parents) -> str | None:
        given = self.own.parents[code]
        if given and self.text.parent:
            return given
        if is_in_tree(self.own.level):
            return parents.of(code, self.own.level, shape, given)
        return given or parents.of_grid(code, self.own.level, shape)

    def _note_ending(self, ending: Iterable[KnownArea], moved: Mapping[str, str]) -> None:
        counts = area_dates.left_behind(ending, moved, self.known, self.days.begins)
        for area in ending:
            values = {"day": str(self.days.begins), "count": f"{counts.get(area.code, 0):,}"}
            code = "area-ends-with-areas-inside" if area.code in counts else "area-ends"
            self.notices.append(Fault(f"{spoken(area.level)} {area.label}", code, values))


def _around(area: KnownArea, known: Known) -> set[str]:
    found: set[str] = set()
    code = area.parent
    while code and code not in found and code in known:
        found.add(code)
        code = known[code].parent
    return found
