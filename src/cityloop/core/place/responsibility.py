"""Who is responsible for a problem: the facility's own units first, then class × area, else only the desk. Pure.

The most specific duty decides: the class before the area, a longer code before a shorter, a smaller area before a
larger. Two that are equally specific are both named; nothing is chosen here. A duty that is on the list of
powers and duties (权责清单) of a department is not pushed down to a community. Names are looked up in registry.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import NamedTuple

from cityloop.core.place.areas import TREE

WIDER_THAN_A_UNIT_GRID = (
    TREE.index("unit_grid") - 0.5
)  # the rank of grids that overlap the tree, by how specific they are


class DutyCount(StrEnum):
    """How many units come first: none, one or many."""

    NONE = "none"
    ONE = "one"
    MANY = "many"


class FacilityRole(StrEnum):
    """What a unit is to a facility; the first that is known comes first."""

    MAINTAINER = "maintainer"  # 养护单位
    OWNER = "owner"  # 权属单位
    AUTHORITY = "authority"  # 主管部门


class Skipped(StrEnum):
    """Why a unit that would be responsible is passed over."""

    UNKNOWN = "unknown"
    CLOSED = "closed"
    HANDLES_NOTHING = "handles-nothing"
    LISTED = "listed"  # a community, and the duty is on a department's list


@dataclass(frozen=True, slots=True)
class DutyRule:
    """Who sees to a class (or its first digits) in an area; empty: any."""

    category: str
    area: str
    unit: str
    is_listed: bool = False
    basis: str = ""


class FacilityUnits(NamedTuple):
    """The units of a facility by code; empty: not known."""

    maintainer: str = ""
    owner: str = ""
    authority: str = ""


@dataclass(frozen=True, slots=True)
class DutyGround:
    """A unit and why it is responsible: what it is to the facility, or by which duty."""

    unit: str
    role: FacilityRole | None = None
    duty: DutyRule | None = None


@dataclass(frozen=True, slots=True)
class DutyAnswer:
    """The units by rank, the nearest first, those of one rank equally near; `skipped` were nearer than the first."""

    ranks: tuple[tuple[DutyGround, ...], ...] = ()
    skipped: tuple[tuple[DutyGround, Skipped], ...] = ()

    @property
    def first(self) -> tuple[DutyGround, ...]:
        """The units that come first; none: the desk decides."""
        return self.ranks[0] if self.ranks else ()

    @property
    def standing(self) -> DutyCount:
        return (DutyCount.NONE, DutyCount.ONE, DutyCount.MANY)[min(len(self.first), 2)]

    @property
    def unit(self) -> str | None:
        """The one unit that comes first; None if none does or several do."""
        return self.first[0].unit if self.standing is DutyCount.ONE else None


@dataclass(frozen=True)
class Duties:
    """All duties of a city, found by class and area: a query takes no longer with a million of them."""

    by_class_and_area: Mapping[tuple[str, str], tuple[DutyRule, ...]] = field(default_factory=dict)

    @classmethod
    def of(cls, rows: Iterable[DutyRule]) -> "Duties":
        """Return the duties of the rows, whatever order they come in."""
        found: dict[tuple[str, str], list[DutyRule]] = {}
        for row in sorted(rows, key=lambda row: (row.category, row.area, row.unit)):
            found.setdefault((row.category, row.area), []).append(row)
        return cls({key: tuple(group) for key, group in found.items()})

    @cached_property
    def areas(self) -> frozenset[str]:
        """The areas that duties name: in others, the areas around decide."""
        return frozenset(area for _, area in self.by_class_and_area)

    @cached_property
    def _classes(self) -> frozenset[str]:
        return frozenset(category for category, _ in self.by_class_and_area)

    def __iter__(self) -> Iterator[DutyRule]:
        for group in self.by_class_and_area.values():
            yield from group

    def fitting(self, reference: str | None, areas: Mapping[str, str]) -> Iterator[tuple[DutyRule, ...]]:
        """Yield the duties that fit a class in areas (code by level), the most specific first."""
        places = _places({level: code for level, code in areas.items() if code in self.areas})
        for prefix in _prefixes(reference or ""):
            for codes in places if prefix in self._classes else ():
                if group := tuple(duty for code in codes for duty in self.by_class_and_area.get((prefix, code), ())):
                    yield group

    def listed(
        self, reference: str | None, areas: Mapping[str, str], is_department: Callable[[str], bool]
    ) -> DutyRule | None:
        """Return the duty by which a class in an area is on a department's list, the most specific one."""
        fitting = (duty for group in self.fitting(reference, areas) for duty in group)
        return next((duty for duty in fitting if duty.is_listed and is_department(duty.unit)), None)


def responsible(
    facility: FacilityUnits,
    duties: Duties,
    reference: str | None,
    areas: Mapping[str, str],
    passed_over: Callable[[str], Skipped | None],
) -> DutyAnswer:
    """Return who sees to a class (a reference of codes/classes.py, None: not known) in areas (code by level).

    `passed_over` says why a unit cannot be responsible, None if it can.
    """
    ranks: list[tuple[DutyGround, ...]] = []
    skipped: list[tuple[DutyGround, Skipped]] = []
    seen: set[str] = set()
    for grounds in _grounds(facility, duties, reference, areas):
        rank = []
        for ground in grounds:
            if ground.unit in seen:
                continue
            seen.add(ground.unit)
            if why := passed_over(ground.unit):
                skipped += [] if ranks else [(ground, why)]
            else:
                rank.append(ground)
        ranks += [tuple(rank)] if rank else []
    return DutyAnswer(tuple(ranks), tuple(skipped))


def _grounds(
    facility: FacilityUnits, duties: Duties, reference: str | None, areas: Mapping[str, str]
) -> Iterator[tuple[DutyGround, ...]]:
    for role in FacilityRole:
        if unit := getattr(facility, role.value):
            yield (DutyGround(unit, role=role),)
    for group in duties.fitting(reference, areas):
        yield tuple(DutyGround(duty.unit, duty=duty) for duty in group)


def _prefixes(reference: str) -> Iterator[str]:
    """Yield the class, then references that cover more and more classes: fewer digits, the kind or catalogue, any."""
    before, colon, code = reference.rpartition(":")
    for length in range(len(code), 0, -1):
        yield f"{before}{colon}{code[:length]}"
    if colon:
        yield f"{before}{colon}"
    yield ""


def _places(areas: Mapping[str, str]) -> list[tuple[str, ...]]:
    """Return the areas, the smallest first, those that count as equally small together; anywhere comes last."""
    found: dict[float, set[str]] = {}
    for level, code in areas.items():
        if code:
            found.setdefault(_particularity(level), set()).add(code)
    return [*(tuple(sorted(found[size])) for size in sorted(found, reverse=True)), ("",)]


def _particularity(level: str) -> float:
    return TREE.index(level) if level in TREE else WIDER_THAN_A_UNIT_GRID
