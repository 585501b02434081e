"""The city as every process holds it in memory: one frozen value, read again when a revision says it has changed.

Placing a report, naming a unit and reckoning a due moment ask this value and no database.
"""

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property

import shapely
from django.conf import settings
from django.utils.translation import get_language

from cityloop.core import worktime
from cityloop.core.errors import NotPossible
from cityloop.core.geo import AreaIndex, Locator, outline
from cityloop.core.procedure import Procedure, Words
from cityloop.core.transitions import main_way, ways
from cityloop.core.worktime import Calendar, Due, Limit
from cityloop.registry import calendar_versions
from cityloop.registry.layer_texts import LayerText
from cityloop.registry.models import Area, Category, Duty, Revision, Unit
from cityloop.registry.packs import Role, read_all
from cityloop.registry.procedure_texts import parse_limit
from cityloop.runtime import clock

FRESH = 2.0  # seconds for which the city in memory is not asked about again


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
        """Return whether the area stands on a day."""
        return (self.valid_from is None or self.valid_from <= on) and (
            self.valid_until is None or on < self.valid_until
        )


@dataclass(frozen=True, slots=True)
class CategoryFacts:
    """A class of the catalogue and its limits by name."""

    code: str
    name: str
    kind: str
    limits: Mapping[str, Limit]


@dataclass(frozen=True, slots=True)
class UnitFacts:
    """A unit."""

    code: str
    name: str
    handles: bool
    kind: str = "department"
    parent: str | None = None
    is_active: bool = True


@dataclass(frozen=True)
class City:
    """Everything that changes rarely, by code."""

    revision: int
    calendar: Calendar
    calendar_number: int  # 0: none was adopted yet
    procedures: Mapping[tuple[str, int], Procedure]
    roles: Mapping[str, Role]
    areas: Mapping[str, AreaFacts]
    categories: Mapping[str, CategoryFacts]
    units: Mapping[str, UnitFacts]
    duties: tuple[tuple[str, str, str], ...]  # (category prefix, area, unit), the most particular first
    shapes: Mapping[str, bytes]
    layers: tuple[LayerText, ...] = ()  # that packs open to everybody

    @cached_property
    def index(self) -> AreaIndex:
        """The smallest areas that have a polygon: communities, and districts that have none."""
        parents = {area.parent for area in self.areas.values()}
        return AreaIndex((code, self.shapes[code]) for code in self.areas if code not in parents)

    @cached_property
    def frames(self) -> Mapping[str, tuple[float, float, float, float]]:
        """The bounds of every area: west, south, east, north."""
        return {code: shapely.from_wkb(shape).bounds for code, shape in self.shapes.items()}

    @cached_property
    def category_by_name(self) -> Mapping[str, str]:
        return {category.name: code for code, category in self.categories.items()}

    @cached_property
    def _main_ways(self) -> dict[tuple[str, int], tuple[str, ...]]:
        return {}

    @cached_property
    def _locators(self) -> dict[str, Locator]:
        return {}

    def due_after(self, start: datetime, limit: Limit) -> Due:
        """Return the due moment of a limit that starts then."""
        return worktime.due(start, limit, self.calendar)

    def way(self, name: str, version: int) -> Procedure:
        """Return a procedure in a version; NotPossible where no pack has it any more."""
        try:
            return self.procedures[name, version]
        except KeyError:
            told = f"No pack has the procedure {name} in version {version} any more; see `cityloop check`."
            raise NotPossible("procedure-missing", told) from None

    def latest(self, name: str) -> Procedure:
        """Return the newest version of a procedure."""
        return self.procedures[name, max(version for known, version in self.procedures if known == name)]

    def main_way(self, way: Procedure) -> tuple[str, ...]:
        """Return the stages of a procedure's straight way."""
        if (way.name, way.version) not in self._main_ways:
            self._main_ways[way.name, way.version] = tuple(main_way(way, ways(way)))
        return self._main_ways[way.name, way.version]

    def areas_at(self, lon: float, lat: float) -> dict[str, str]:
        """Return the code of the area of each level that a point lies in; {} outside the city."""
        code = self.index.locate(lon, lat)
        return self.lineage(code)

    def lineage(self, code: str | None) -> dict[str, str]:
        """Return an area and the areas around it by level."""
        found = {}
        while code and (area := self.areas.get(code)):
            found[area.level] = code
            code = area.parent
        return found

    def category_of(self, words: str) -> str | None:
        """Return the code of the class that the words name by code or by name; None when there is none."""
        words = words.strip()
        return words if words in self.categories else self.category_by_name.get(words)

    def unit_on_duty(self, category: str | None, areas: Mapping[str, str]) -> str | None:
        """Return the unit that sees to such a problem there: the most particular duty decides."""
        for prefix, area, unit in self.duties:
            if (category or "").startswith(prefix) and (not area or area in areas.values()):
                return unit
        return None

    def locator(self, code: str) -> Locator | None:
        """Return the outline of an area, 320 × 220, for the small picture on a case's page."""
        if code not in self.shapes:
            return None
        if code not in self._locators:
            self._locators[code] = outline(self.shapes[code], 320, 220)
        return self._locators[code]


def title(words: Words) -> str:
    """Return a title in the language of the present screen."""
    language = (get_language() or "zh-hans").split("-")[0]
    return words.get(language) or words["zh"]


_known: City | None = None
_asked_at = 0.0
_lock = threading.Lock()


def city() -> City:
    """Return the city; what another process changed is seen within FRESH seconds."""
    global _known, _asked_at  # noqa: PLW0603  # one city a process, that is the point
    if _known is not None and time.monotonic() - _asked_at < FRESH:
        return _known
    with _lock:
        revision = Revision.objects.values_list("number", flat=True).first() or 0
        if _known is None or _known.revision != revision:
            _known = _read(revision)
        _asked_at = time.monotonic()
        return _known


def forget() -> None:
    """Read the city again at the next question (after this process changed it)."""
    global _known  # noqa: PLW0603
    _known = None


def _read(revision: int) -> City:
    packs = read_all(settings.CITYLOOP.packs)
    number, calendar = calendar_versions.last_adopted() or (0, calendar_versions.worked_out(packs, clock.now()))
    areas = list(Area.objects.select_related("parent").order_by("code"))
    return City(
        revision=revision,
        calendar=calendar,
        calendar_number=number,
        procedures={(p.name, p.version): p for pack in packs for p in pack.procedures},
        roles={role.name: role for pack in packs for role in pack.roles},
        areas={a.code: _area(a) for a in areas},
        categories={c.code: _category(c) for c in Category.objects.filter(kind="matter").order_by("code")},
        units={u.code: _unit(u) for u in Unit.objects.select_related("parent").order_by("code")},
        duties=_duties(),
        shapes={area.code: bytes(area.shape) for area in areas},
        layers=tuple(layer for pack in packs for layer in pack.layers),
    )


def _unit(row: Unit) -> UnitFacts:
    parent = row.parent.code if row.parent else None
    return UnitFacts(row.code, row.name, row.handles and row.is_active, row.kind, parent, row.is_active)


def _area(row: Area) -> AreaFacts:
    parent = row.parent.code if row.parent else None
    return AreaFacts(row.code, row.name, row.level, parent, row.grade, row.valid_from, row.valid_until)


def _category(row: Category) -> CategoryFacts:
    given = {"handle": row.handle_limit, "case": row.case_limit}
    limits = {name: parse_limit(words) for name, words in given.items() if words}
    return CategoryFacts(row.code, row.name, row.kind, limits)


def _duties() -> tuple[tuple[str, str, str], ...]:
    rows = Duty.objects.values_list("category", "area", "unit__code")
    return tuple(sorted(rows, key=lambda row: (-len(row[0]), -len(row[1]), row[2])))
