"""The kinds of areas a city is divided into, and which of them a place lies in on a day. No files, no texts.

A tree of levels, each within the one before, and grids of other kinds that overlap it. Details of one place are in
where.py. Source: GB/T 30428.1-2013 (unit grids).
"""

import math
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from cityloop.core.place.geo import AreaIndex

TREE = ("city", "district", "street", "community", "unit_grid")  # each within the one before
GRIDS = ("patrol_grid", "appraisal_grid", "social_grid")  # 管理网格 评价网格 社会治理网格; a city may add its own
UPWARD = TREE[::-1]
PLACED = ("district", "street", "community", "unit_grid")  # facts of a case that say where it lies, besides `grids`

Numbers = NDArray[np.float64]
Codes = NDArray[np.object_]


def is_in_tree(level: str) -> bool:
    """Return whether areas of a level divide those around them; other kinds overlap them."""
    return level in TREE


def spoken(level: str) -> str:
    """Return the name of a level as it is written within a sentence."""
    return level.replace("_", " ")


def place_facts(lineage: Mapping[str, str], grids: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Return the facts of a case about where it lies; other grids as `patrol_grid:P1 social_grid:S7`."""
    facts = {level: lineage[level] for level in PLACED if level in lineage}
    across = " ".join(f"{kind}:{code}" for kind in sorted(grids) for code in grids[kind])
    return {**facts, "grids": across} if across else facts


def codes_in(facts: Mapping[str, str]) -> tuple[str, ...]:
    """Return the codes of all areas that the facts of a case name, the tree first, largest first, then other grids."""
    across = (words.partition(":")[2] for words in facts.get("grids", "").split())
    return (*(facts[level] for level in PLACED if facts.get(level)), *across)


class AreaPeriod(Protocol):
    """An area without its polygon."""

    @property
    def code(self) -> str: ...
    @property
    def level(self) -> str: ...
    @property
    def parent(self) -> str | None: ...
    @property
    def valid_from(self) -> date | None: ...
    @property
    def valid_until(self) -> date | None: ...
    def is_valid(self, on: date) -> bool: ...


@dataclass(frozen=True, eq=False)
class AreaLayout:
    """The areas that are valid on one day. A place is in the smallest one, or in a larger one if those leave a gap.

    On a shared border and in an overlap of areas of one level the smallest code wins.
    """

    areas: Mapping[str, AreaPeriod]
    shapes: Mapping[str, bytes]
    lineages: Mapping[str, Mapping[str, str]]

    @cached_property
    def levels(self) -> Mapping[str, AreaIndex]:
        """The areas of the tree by level, the smallest level first."""
        return dict(self._indexes(UPWARD))

    @cached_property
    def grids(self) -> Mapping[str, AreaIndex]:
        """The other kinds of grid."""
        return dict(self._indexes(sorted({a.level for a in self.areas.values() if not is_in_tree(a.level)})))

    def lineage_at(self, lon: float, lat: float) -> Mapping[str, str]:
        """Return the code of the area of each level of the tree that a place lies in; {} outside the city."""
        for index in self.levels.values():
            if code := index.locate(lon, lat):
                return self.lineages[code]
        return {}

    def grids_at(self, lon: float, lat: float) -> dict[str, tuple[str, ...]]:
        """Return the codes of the grids of every other kind that a place lies in."""
        found = ((kind, tuple(index.covering(lon, lat))) for kind, index in self.grids.items())
        return {kind: codes for kind, codes in found if codes}

    def places_at(self, lons: Numbers, lats: Numbers) -> list[tuple[Mapping[str, str], dict[str, tuple[str, ...]]]]:
        """Return `lineage_at` and `grids_at` of each of many places; nothing for NaN."""
        if len(lons) == 1:  # the search for many takes three times as long for one
            lon, lat = float(lons[0]), float(lats[0])
            return [({}, {}) if math.isnan(lon) else (self.lineage_at(lon, lat), self.grids_at(lon, lat))]
        grids = {kind: index.covering_many(lons, lats) for kind, index in self.grids.items()}
        return [
            (self.lineages[code] if code else {}, {kind: tuple(found[n]) for kind, found in grids.items() if found[n]})
            for n, code in enumerate(self.smallest_many(lons, lats))
        ]

    def locate_many(self, lons: Numbers, lats: Numbers) -> dict[str, Codes]:
        """Return for each level and kind of grid the code for each of many places, None if there is none.

        Of several grids of one kind the smallest code is given.
        """
        found = {level: np.full(len(lons), None, dtype=object) for level in TREE}
        left = np.arange(len(lons))
        for level, index in self.levels.items():
            positions = index.positions(lons[left], lats[left])
            inside = positions < len(index)
            for name, codes in self._tables[level].items():
                found[name][left[inside]] = codes[positions[inside]]
            left = left[~inside]
        grids = {kind: index.codes[index.positions(lons, lats)] for kind, index in self.grids.items()}
        return {level: codes for level, codes in found.items() if level in self._known} | grids

    def smallest_many(self, lons: Numbers, lats: Numbers) -> list[str | None]:
        """Return the code of the smallest area of the tree for each of many places, None outside the city."""
        found = np.full(len(lons), None, dtype=object)
        left = np.arange(len(lons))
        for index in self.levels.values():
            codes = index.codes[index.positions(lons[left], lats[left])]
            found[left] = codes
            left = left[codes == None]  # noqa: E711  # each of them
        listed: list[str | None] = found.tolist()
        return listed

    def inside(self, lons: Numbers, lats: Numbers) -> int:
        """Return how many of many places lie in the city."""
        left = np.arange(len(lons))
        for index in self.levels.values():
            left = left[index.positions(lons[left], lats[left]) == len(index)]
        return len(lons) - len(left)

    @cached_property
    def _known(self) -> frozenset[str]:
        return frozenset(level for tables in self._tables.values() for level in tables)

    @cached_property
    def _tables(self) -> dict[str, dict[str, Codes]]:
        """For each level, the codes around the area at each position of its index."""
        tables = {}
        for level, index in self.levels.items():
            lineages = [self.lineages[code] for code in index.codes[:-1]]
            around = {name for lineage in lineages for name in lineage}
            tables[level] = {
                name: np.array([lineage.get(name) for lineage in lineages], dtype=object) for name in around
            }
        return tables

    def _indexes(self, levels: Iterable[str]) -> Iterator[tuple[str, AreaIndex]]:
        for level in levels:
            own = [(code, self.shapes[code]) for code, area in self.areas.items() if area.level == level]
            if own:
                yield level, AreaIndex(own)


@dataclass(frozen=True, eq=False)
class AreaLocator:
    """Which areas places lie in, on any day: areas begin and end, so each span of days has its own layout."""

    areas: Mapping[str, AreaPeriod]
    shapes: Mapping[str, bytes]
    _layouts: dict[int, AreaLayout] = field(default_factory=dict, repr=False)

    def on(self, day: date) -> AreaLayout:
        """Return the areas that are valid on a day."""
        stretch = bisect_right(self._changes, day)
        if stretch not in self._layouts:
            valid = {code: area for code, area in self.areas.items() if area.is_valid(day)}
            self._layouts[stretch] = AreaLayout(valid, self.shapes, self.lineages)
        return self._layouts[stretch]

    @cached_property
    def lineages(self) -> Mapping[str, Mapping[str, str]]:
        """Each area and those around it, by level; of a grid of another kind only those around it."""
        return {code: dict(self._upward(code)) for code in self.areas}

    @cached_property
    def _changes(self) -> Sequence[date]:
        moments = ((area.valid_from, area.valid_until) for area in self.areas.values())
        return sorted({day for both in moments for day in both if day})

    def _upward(self, code: str | None) -> Iterator[tuple[str, str]]:
        passed: set[str] = set()
        while code and code not in passed and (area := self.areas.get(code)):
            yield area.level, code
            passed.add(code)
            code = area.parent
