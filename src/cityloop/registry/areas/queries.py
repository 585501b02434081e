"""Queries of areas for the settings pages: the tree, one level as a list, one area with the areas inside it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

import shapely
from shapely.geometry.base import BaseGeometry

from cityloop.core.place.areas import TREE, is_in_tree
from cityloop.core.place.measuring import square_metres
from cityloop.registry.areas.known import DISSOLVED
from cityloop.registry.city.city import City
from cityloop.registry.city.facts import AreaFacts
from cityloop.registry.models import Area

PAGE = 100  # rows of one page
DEEP = 100  # a tree with its next level has at most so many rows, or the level is not shown


@dataclass(frozen=True, slots=True)
class AreaRow:
    """An area in a list: its depth in the tree, how many areas of each level are inside, whether it is valid today."""

    area: AreaFacts
    depth: int
    inside: tuple[tuple[str, int], ...]
    is_standing: bool


@dataclass(frozen=True, slots=True)
class LevelCount:
    """How many areas of a level are valid today, and how many are not."""

    level: str
    standing: int
    ended: int  # or yet to come


def levels(city: City, on: date) -> list[LevelCount]:
    """Return the levels and kinds of grid that the city has, the tree first."""
    counts: dict[str, list[int]] = {}
    for area in city.areas.values():
        counts.setdefault(area.level, [0, 0])[0 if area.is_valid(on) else 1] += 1
    order = [*TREE, *city.grid_kinds]
    return [LevelCount(level, *counts[level]) for level in sorted(counts, key=lambda level: _place(level, order))]


def tree(city: City, on: date) -> list[AreaRow]:
    """Return the upper levels of the tree, each area below the one around it, as many levels as fit on a page."""
    children = _children(city, on)
    shown = [area.level for area in children.get(None, []) if is_in_tree(area.level)]
    deepest = TREE.index(min(shown, key=TREE.index)) if shown else 0
    while deepest + 1 < len(TREE) and _count(city, TREE[: deepest + 2], on) <= DEEP:
        deepest += 1
    return list(_below(None, 0, children, TREE[: deepest + 1], city, on))


def listed(city: City, level: str, after: str, on: date) -> tuple[list[AreaRow], str]:
    """Return the areas of one level by code, valid or not, and the code after which the next page begins, or ""."""
    rows = sorted((a for a in city.areas.values() if a.level == level and a.code > after), key=lambda area: area.code)
    found = [AreaRow(area, 0, _inside(area, city, on), area.is_valid(on)) for area in rows[:PAGE]]
    return found, rows[PAGE - 1].code if len(rows) > PAGE else ""


def children_of(city: City, code: str, on: date) -> list[AreaRow]:
    """Return the areas directly inside an area, those of the tree first."""
    own = (area for area in city.areas.values() if area.parent == code)
    order = [*TREE, *city.grid_kinds]
    rows = sorted(own, key=lambda area: (_place(area.level, order), area.code))
    return [AreaRow(area, 0, _inside(area, city, on), area.is_valid(on)) for area in rows]


def around(city: City, code: str) -> list[AreaFacts]:
    """Return the areas around an area, the largest first."""
    codes = list(city.lineage(code).values())
    return [city.areas[outer] for outer in reversed(codes) if outer != code]


def size(city: City, code: str) -> float:
    """Return the square metres of an area."""
    return float(square_metres([polygon(city, code)])[0])


def polygon(city: City, code: str) -> BaseGeometry:
    """Return the outline of an area."""
    return shapely.from_wkb(city.shapes[code])


def attributes(code: str) -> dict[str, str]:
    """Return the further attributes of an area."""
    found = Area.objects.filter(code=code).values_list("attributes", flat=True).first() or {}
    return {
        name: str(value) for name, value in found.items() if isinstance(value, str | int | float) and name != DISSOLVED
    }


def _count(city: City, names: Sequence[str], on: date) -> int:
    return sum(area.level in names and area.is_valid(on) for area in city.areas.values())


def _children(city: City, on: date) -> dict[str | None, list[AreaFacts]]:
    found: dict[str | None, list[AreaFacts]] = {}
    for area in sorted(city.areas.values(), key=lambda area: area.code):
        if area.is_valid(on) and is_in_tree(area.level):
            found.setdefault(area.parent if area.parent in city.areas else None, []).append(area)
    return found


def _below(
    code: str | None,
    depth: int,
    children: dict[str | None, list[AreaFacts]],
    names: Sequence[str],
    city: City,
    on: date,
) -> Iterable[AreaRow]:
    for area in children.get(code, []):
        if area.level in names:
            yield AreaRow(area, depth, _inside(area, city, on), is_standing=True)
            yield from _below(area.code, depth + 1, children, names, city, on)


def _inside(area: AreaFacts, city: City, on: date) -> tuple[tuple[str, int], ...]:
    within = city.within(area.code)
    order = [*TREE, *city.grid_kinds]
    counts = (
        (level, sum(city.areas[code].is_valid(on) for code in within[level]))
        for level in sorted(within, key=lambda level: _place(level, order))
        if level != area.level
    )
    return tuple((level, count) for level, count in counts if count)


def _place(level: str, order: Sequence[str]) -> int:
    return order.index(level) if level in order else len(order)
