"""Which area a new one lies in: by the mapping, by its code, by its place. And which known areas come to lie in it.

Nothing is written. Shares are of the area in degrees: within one area these are as good as square metres.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from cityloop.core.errors import Fault
from cityloop.core.place.areas import TREE, UPWARD, is_in_tree, spoken
from cityloop.registry.areas import codes as area_codes
from cityloop.registry.areas.known import Known, KnownArea

NOTHING = 1e-9  # a share that only rounding makes
WHOLE = 0.999  # of a grid, that makes it lie within an area
MOST = 0.5  # of a known area, that makes it lie within a new one


@dataclass(frozen=True)
class Candidates:
    """Areas that may be the parent of another."""

    areas: Sequence[KnownArea]

    @cached_property
    def codes(self) -> frozenset[str]:
        return frozenset(area.code for area in self.areas)

    @cached_property
    def tree(self) -> shapely.STRtree:
        return shapely.STRtree([area.shape for area in self.areas])

    @cached_property
    def smallest(self) -> "Candidates":
        """Those of the smallest level there is."""
        deepest = max((TREE.index(area.level) for area in self.areas), default=0)
        return Candidates([area for area in self.areas if area.level == TREE[deepest]])

    def shares(self, shape: BaseGeometry) -> dict[str, float]:
        """Return which share of an area lies in each candidate, where any does; the largest first."""
        near = self.tree.query(shape, predicate="intersects")
        common = shapely.area(shapely.intersection(self.tree.geometries[near], shape)) / shape.area
        order = np.argsort(-common, kind="stable")
        return {self.areas[near[n]].code: float(common[n]) for n in order if common[n] > NOTHING}


@dataclass(slots=True)
class Parents:
    """Finds parents among the known areas that stand; what is remarkable is told."""

    known: Known
    told: list[Fault] = field(default_factory=list)
    _found: dict[tuple[str, str | None], Candidates] = field(default_factory=dict)

    def of(self, code: str, level: str, shape: BaseGeometry, said: str | None) -> str | None:
        """Return the parent of an area of the tree; `said` is what the file says, a nearer known one stands."""
        between = self._between(level, said)
        if found := area_codes.within(code, between.codes):
            return found
        before = self.known.get(code)
        if before and before.parent in between.codes:
            return before.parent
        if said is None:
            return self._by_place(f"{spoken(level)} {code}", shape, between.smallest)
        code_of_most, share = next(iter(between.smallest.shares(shape).items()), (said, 1.0))
        return code_of_most if share >= MOST else said

    def of_grid(self, code: str, kind: str, shape: BaseGeometry) -> str | None:
        """Return the parent of a grid of another kind: the smallest area that holds it, else where most of it lies."""
        widest: dict[str, float] = {}
        for level in UPWARD:
            shares = self._of_level(level).shares(shape)
            if shares and max(shares.values()) >= WHOLE:
                return next(iter(shares))
            widest = shares or widest
        self._tell_crossing(f"{spoken(kind)} {code}", widest)
        return next(iter(widest), None)

    def _of_level(self, level: str) -> Candidates:
        key = ("", level)
        if key not in self._found:
            self._found[key] = Candidates([one for one in self.known.values() if one.level == level])
        return self._found[key]

    def _between(self, level: str, said: str | None) -> Candidates:
        """Return the known areas of larger levels; where the file names a parent, it and those inside it."""
        if (level, said) not in self._found:
            larger = [one for one in self.known.values() if one.level in TREE[: TREE.index(level)]]
            inside = [one for one in larger if said is None or said in self._lineage(one.code)]
            self._found[level, said] = Candidates(inside)
        return self._found[level, said]

    def _by_place(self, name: str, shape: BaseGeometry, near: Candidates) -> str | None:
        shares = near.shares(shape)
        if near.areas and not shares:
            self.told.append(Fault(name, f"lies in no {spoken(near.areas[0].level)} that is known"))
        self._tell_crossing(name, shares)
        return next(iter(shares), None)

    def _tell_crossing(self, name: str, shares: Mapping[str, float]) -> None:
        parts = [(code, share) for code, share in shares.items() if share > 1 - WHOLE]
        if len(parts) > 1:
            listed = ", ".join(f"{share:.1%} in {self.known[code].called}" for code, share in parts[:4])
            self.told.append(Fault(name, f"crosses a boundary: {listed}; it is taken into the first"))

    def _lineage(self, code: str | None) -> list[str]:
        found: list[str] = []
        while code and code not in found and code in self.known:
            found.append(code)
            code = self.known[code].parent
        return found


def adopted(level: str, areas: Mapping[str, BaseGeometry], known: Known, own: Iterable[str]) -> dict[str, str]:
    """Return known smaller areas, not among the file's `own`, that come to lie in one of the new areas of a level."""
    if not is_in_tree(level) or level == TREE[-1]:
        return {}
    depth, entered = TREE.index(level), set(own)
    orphans = [
        one
        for one in known.values()
        if one.level in TREE[depth + 1 :] and one.code not in entered and _lies_above(one.parent, depth, known)
    ]
    codes, tree = list(areas), shapely.STRtree(list(areas.values()))
    found = {}
    for one in orphans:
        by_code = area_codes.within(one.code, codes)
        home = by_code or _mostly_in(one.shape, tree, codes)
        if home and home != one.parent:
            found[one.code] = home
    return found


def _lies_above(parent: str | None, depth: int, known: Known) -> bool:
    around = known.get(parent or "")
    return around is None or (is_in_tree(around.level) and TREE.index(around.level) <= depth)


def _mostly_in(shape: BaseGeometry, tree: shapely.STRtree, codes: Sequence[str]) -> str | None:
    near = tree.query(shape, predicate="intersects")
    shares = shapely.area(shapely.intersection(tree.geometries[near], shape)) / shape.area
    return codes[near[np.argmax(shares)]] if len(near) and shares.max() >= MOST else None
