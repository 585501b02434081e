"""Find the parent of a new area by the mapping, its code or its place, and the known areas that move into it.

Nothing is written. Shares are of areas in degrees: within one area these are as good as square metres.
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

NOTHING = 1e-9  # a smaller share comes from rounding
WHOLE = 0.999  # the share of a grid inside an area from which it counts as inside
MOST = 0.5  # the share of a known area inside a new one from which it moves into it


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
        """The candidates of their smallest level."""
        deepest = max((TREE.index(area.level) for area in self.areas), default=0)
        return Candidates([area for area in self.areas if area.level == TREE[deepest]])

    def shares(self, shape: BaseGeometry) -> dict[str, float]:
        """Return the share of an area inside each candidate that shares any of it, the largest first."""
        near = self.tree.query(shape, predicate="intersects")
        common = shapely.area(shapely.intersection(self.tree.geometries[near], shape)) / shape.area
        order = np.argsort(-common, kind="stable")
        return {self.areas[near[n]].code: float(common[n]) for n in order if common[n] > NOTHING}


@dataclass(slots=True)
class Parents:
    """Finds parents among the known areas and collects notices."""

    known: Known
    notices: list[Fault] = field(default_factory=list)
    _found: dict[tuple[str, str | None], Candidates] = field(default_factory=dict)

    def of(self, code: str, level: str, shape: BaseGeometry, given: str | None) -> str | None:
        """Return the parent of an area of the tree; a known area inside the `given` one of the file comes first."""
        between = self._between(level, given)
        if found := area_codes.within(code, between.codes):
            return found
        before = self.known.get(code)
        if before and before.parent in between.codes:
            return before.parent
        if given is None:
            return self._by_place(f"{spoken(level)} {code}", shape, between.smallest)
        code_of_most, share = next(iter(between.smallest.shares(shape).items()), (given, 1.0))
        return code_of_most if share >= MOST else given

    def of_grid(self, code: str, kind: str, shape: BaseGeometry) -> str | None:
        """Return the parent of a grid of another kind: the smallest area around it, else the one with most of it."""
        widest: dict[str, float] = {}
        for level in UPWARD:
            shares = self._of_level(level).shares(shape)
            if shares and max(shares.values()) >= WHOLE:
                return next(iter(shares))
            widest = shares or widest
        self._note_crossing(f"{spoken(kind)} {code}", widest)
        return next(iter(widest), None)

    def _of_level(self, level: str) -> Candidates:
        key = ("", level)
        if key not in self._found:
            self._found[key] = Candidates([area for area in self.known.values() if area.level == level])
        return self._found[key]

    def _between(self, level: str, given: str | None) -> Candidates:
        """Return the known areas of larger levels; if the file names a parent, that one and those inside it."""
        if (level, given) not in self._found:
            larger = [area for area in self.known.values() if area.level in TREE[: TREE.index(level)]]
            inside = [area for area in larger if given is None or given in self._lineage(area.code)]
            self._found[level, given] = Candidates(inside)
        return self._found[level, given]

    def _by_place(self, name: str, shape: BaseGeometry, near: Candidates) -> str | None:
        shares = near.shares(shape)
        if near.areas and not shares:
            self.notices.append(Fault(name, "in-no-known-area", {"level": spoken(near.areas[0].level)}))
        self._note_crossing(name, shares)
        return next(iter(shares), None)

    def _note_crossing(self, name: str, shares: Mapping[str, float]) -> None:
        parts = [(code, share) for code, share in shares.items() if share > 1 - WHOLE]
        if len(parts) > 1:
            listed = ", ".join(f"{share:.1%} in {self.known[code].label}" for code, share in parts[:4])
            self.notices.append(Fault(name, "area-crosses-boundary", {"shares": listed}))

    def _lineage(self, code: str | None) -> list[str]:
        found: list[str] = []
        while code and code not in found and code in self.known:
            found.append(code)
            code = self.known[code].parent
        return found


def adopted(level: str, areas: Mapping[str, BaseGeometry], known: Known, own: Iterable[str]) -> dict[str, str]:
    """Return the known smaller areas outside the file (`own`) that move into new areas of a level, and those areas."""
    if not is_in_tree(level) or level == TREE[-1]:
        return {}
    depth, entered = TREE.index(level), set(own)
    orphans = [
        area
        for area in known.values()
        if area.level in TREE[depth + 1 :] and area.code not in entered and _is_above(area.parent, depth, known)
    ]
    codes, tree = list(areas), shapely.STRtree(list(areas.values()))
    found = {}
    for area in orphans:
        by_code = area_codes.within(area.code, codes)
        parent = by_code or _mostly_in(area.shape, tree, codes)
        if parent and parent != area.parent:
            found[area.code] = parent
    return found


def _is_above(parent: str | None, depth: int, known: Known) -> bool:
    around = known.get(parent or "")
    return around is None or (is_in_tree(around.level) and TREE.index(around.level) <= depth)


def _mostly_in(shape: BaseGeometry, tree: shapely.STRtree, codes: Sequence[str]) -> str | None:
    near = tree.query(shape, predicate="intersects")
    shares = shapely.area(shapely.intersection(tree.geometries[near], shape)) / shape.area
    return codes[near[np.argmax(shares)]] if len(near) and shares.max() >= MOST else None
