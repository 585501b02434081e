"""Areas of a file held against those there are: parents found, dates settled, what ends and what moves. Nothing is
written.
"""

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
    """The areas of a file, parents first; known ones that end or come to lie in new ones; what is to be told.

    Notices say what was left out or changed, doubts what may be wrong, the summary says doubts in a few words.
    """

    areas: tuple[NewArea, ...]
    notices: tuple[Fault, ...]
    doubts: tuple[Fault, ...] = ()
    summary: tuple[str, ...] = ()
    ended: tuple[KnownArea, ...] = ()
    ends: date | None = None
    moved: Mapping[str, str] = field(default_factory=dict)  # known areas, and the new ones they come to lie in

    def count(self, level: str) -> int:
        """Return how many areas of a level there are."""
        return sum(area.level == level for area in self.areas)

    def rows(self) -> list[dict[str, Any]]:
        """Return the areas as rows; what is not said of known ones stays."""
        ending = [{"code": one.code, "valid_until": self.ends} for one in self.ended]
        moving = [{"code": code, "parent": parent} for code, parent in self.moved.items()]
        return [*(area.values() for area in self.areas), *ending, *moving]


@dataclass(frozen=True)
class AreaSettling:
    """What was gathered from a file, to be held against what is known."""

    text: AreasText
    levels: Mapping[str, Gathered]
    known: Known
    days: Days
    notices: list[Fault]

    @property
    def own(self) -> Gathered:
        return self.levels[self.text.own_level]

    def checked(self, *, strict: bool) -> Boundaries:
        """Return what is to be entered; raise Invalid for what may not be, and if strict for what is in doubt."""
        shapes = self.own.wholes()
        standing = {code: one for code, one in self.known.items() if one.stands(self.days.begins)}
        least = self.text.tolerance_square_metres
        faults = area_dates.faults(self.own, shapes, self.known, self.days, least)
        faults += self._unknown_parents()
        if faults:
            raise Invalid(faults)
        entered = list(self._entered(shapes, standing))
        gone = self._ended({area.parent for area in entered})
        ended = {one.code for one in gone}
        left = {code: one for code, one in standing.items() if code not in ended}
        areas = [*self._around(left), *entered]
        moved = adopted(self.own.level, shapes, left, self.own.names)
        doubts = area_doubts.of_import(areas, self.own, shapes, left, self.known, least)
        if strict and doubts.faults:
            raise Invalid(doubts.faults)
        self._tell_ended(gone, moved)
        return Boundaries(
            tuple(areas), tuple(self.notices), tuple(doubts.faults), tuple(doubts.summary), tuple(gone),
            self.days.begins if gone else None, moved,
        )  # fmt: skip

    def _ended(self, parents: set[str | None]) -> list[KnownArea]:
        return area_dates.ended(self.own, parents, self.known, self.days, self.text.replaces)

    def _unknown_parents(self) -> Iterator[Fault]:
        """Yield the larger areas that are neither known nor given a name to make them by."""
        for level, properties in self.text.around.items():
            if properties.name is None:
                for code in sorted(self.levels[level].names.keys() - self.known.keys()):
                    yield Fault(
                        f"{spoken(level)} {code}", "is not known: enter it first, or give the property of its name"
                    )
        if self.text.parent:
            for code, parent in sorted(self.own.parents.items()):
                if parent and parent not in self.known:
                    yield Fault(f"{spoken(self.own.level)} {code}", f"its parent {parent} is not known: enter it first")

    def _around(self, standing: Known) -> Iterator[NewArea]:
        """Yield the larger areas: known ones keep a polygon of their own, others are dissolved from what is in them."""
        parents = Parents(standing, self.notices)
        for level in self.text.around:
            gathered = self.levels[level]
            for code in sorted(gathered.names):
                before = self.known.get(code)
                is_own = before is not None and not before.attributes.get(DISSOLVED)
                shape = before.shape if before and is_own else self._dissolved(code, gathered, standing)
                name = gathered.names[code] if self.text.named[level].name or before is None else before.name
                parent = parents.of(code, level, shape, gathered.parents[code])
                attributes = None if is_own else {**(before.attributes if before else {}), DISSOLVED: True}
                wkb = before.wkb if before and is_own else shape.wkb
                yield NewArea(code, name, level, parent, wkb, attributes=attributes)

    def _dissolved(self, code: str, gathered: Gathered, standing: Known) -> BaseGeometry:
        """Return the polygon of everything that lies in an area: what the file has, and what else is known."""
        others = (
            one.shape
            for one in standing.values()
            if one.level == self.own.level and one.code not in self.own.names and code in _around(one, standing)
        )
        return dissolve([*gathered.polygons[code], *others])

    def _entered(self, shapes: Mapping[str, BaseGeometry], standing: Known) -> Iterator[NewArea]:
        """Yield the features' own areas."""
        parents = Parents(standing, self.notices)
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
        said = self.own.parents[code]
        if said and self.text.parent:
            return said
        if is_in_tree(self.own.level):
            return parents.of(code, self.own.level, shape, said)
        return said or parents.of_grid(code, self.own.level, shape)

    def _tell_ended(self, gone: Iterable[KnownArea], moved: Mapping[str, str]) -> None:
        counts = area_dates.left_behind(gone, moved, self.known, self.days.begins)
        for one in gone:
            why = f"is not in the file and ends on {self.days.begins}"
            if one.code in counts:
                why += f"; {counts[one.code]:,} areas within it stand on"
            self.notices.append(Fault(f"{spoken(one.level)} {one.called}", why))


def _around(one: KnownArea, known: Known) -> set[str]:
    found: set[str] = set()
    code = one.parent
    while code and code not in found and code in known:
        found.add(code)
        code = known[code].parent
    return found
