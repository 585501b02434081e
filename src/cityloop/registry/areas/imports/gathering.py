"""Features gathered into areas: codes, names and dates read, polygons of one code made one. Nothing is checked against
what is known, nothing is written.
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from cityloop.core.errors import Fault, Invalid
from cityloop.core.place.areas import spoken
from cityloop.core.place.geo import dissolve
from cityloop.core.place.measuring import square_metres
from cityloop.registry.areas.codes import plain
from cityloop.registry.areas.imports.files import Layer
from cityloop.registry.areas.imports.mapping import AreasText, Properties

DAY = re.compile(r"(\d{4})[-/.年]?(\d{1,2})[-/.月]?(\d{1,2})日?(?:[T ].*)?")


@dataclass(frozen=True, slots=True)
class Further:
    """What a feature says of its own area besides code and name."""

    grade: str = ""
    valid_from: date | None = None
    valid_until: date | None = None
    attributes: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Gathered:
    """Areas of one level by code: names, parents, and every polygon that carries the code."""

    level: str
    names: dict[str, str] = field(default_factory=dict)
    parents: dict[str, str | None] = field(default_factory=dict)
    further: dict[str, Further] = field(default_factory=dict)
    polygons: defaultdict[str, list[BaseGeometry]] = field(default_factory=lambda: defaultdict(list))
    notices: list[Fault] = field(default_factory=list)

    def add(self, code: str, name: str | None, parent: tuple[str, str] | None, polygon: BaseGeometry) -> None:
        """Take a polygon in; the first name and the first parent (level and code) stand. None: no name is asked."""
        around = parent[1] if parent else None
        if code not in self.names:
            self.names[code], self.parents[code] = name or code, around
            if name == "":
                self.notices.append(Fault(f"{spoken(self.level)} {code}", "has no name: it is called by its code"))
        elif name and name != self.names[code]:
            self.notices.append(
                Fault(f"{spoken(self.level)} {code}", f"is also named {name}: {self.names[code]} stands")
            )
        if parent and around != self.parents[code]:
            why = f"also lies in {parent[0]} {around}: {self.parents[code]} stands"
            self.notices.append(Fault(f"{spoken(self.level)} {code}", why))
        self.polygons[code].append(polygon)

    def wholes(self) -> dict[str, BaseGeometry]:
        """Return the areas in the order of their codes, the polygons of one code made one."""
        return {code: dissolve(self.polygons[code]) for code in sorted(self.names)}

    def called(self, code: str) -> str:
        """Return code and name of an area, the code alone where it has no other name or is none of this level."""
        name = self.names.get(code, code)
        return code if name == code else f"{code} {name}"


def gather(
    text: AreasText, layer: Layer, geometries: NDArray[np.object_], notices: list[Fault]
) -> tuple[dict[str, Gathered], list[Fault]]:
    """Return the areas by level, the largest first, and the features left out. Invalid for codes that several carry."""
    levels = {level: Gathered(level) for level in text.named}
    left_out, seen = [], defaultdict[str, list[int]](list)
    for feature, geometry in zip(layer.features, geometries, strict=True):
        called = f"feature {feature.number} {_called(feature.said, text)}".strip()
        try:
            polygon = _polygon(geometry)
            code = _take(feature.said, polygon, text, levels)
        except ValueError as error:
            left_out.append(Fault(called, f"was left out: {error}"))
            continue
        seen[code].append(feature.number)
        if code != words(feature.said.get(text.own.code)):
            notices.append(Fault(called, f"its code is written with full-width signs: it is {code}"))
        if not shapely.is_valid(geometry):
            notices.append(Fault(called, _change(geometry, polygon)))
    if text.parts == "refuse":
        _refuse_parts(seen)
    return levels, left_out


def _refuse_parts(seen: Mapping[str, Sequence[int]]) -> None:
    why = "if they are parts of one area, say `parts: join` in the mapping"
    told = {code: ", ".join(map(str, numbers)) for code, numbers in seen.items() if numbers[1:]}
    if told:
        raise Invalid([Fault(code, f"is the code of features {numbers}; {why}") for code, numbers in told.items()])


def _take(said: Mapping[str, Any], polygon: BaseGeometry, text: AreasText, levels: Mapping[str, Gathered]) -> str:
    """Take a feature in for every level; return its own code."""
    read = {level: _pair(said, properties) for level, properties in text.named.items()}
    for level, (code, _) in read.items():
        if not code:
            whose = "its code" if level == text.own_level else f"the code of its {spoken(level)}"
            raise ValueError(f"{whose} ({text.named[level].code}) is empty")
    further = _further(said, text)
    parent = None
    for level, (code, name) in read.items():
        levels[level].add(code, name, parent, polygon)
        parent = (level, code)
    own = read[text.own_level][0]
    levels[text.own_level].further.setdefault(own, further)
    if text.parent:
        levels[text.own_level].parents[own] = plain(words(said.get(text.parent.code))) or None
    return own


def _further(said: Mapping[str, Any], text: AreasText) -> Further:
    own = text.own
    kept = {name: words(said.get(source)) for name, source in text.attributes.items()}
    found = Further(
        grade=plain(words(said.get(own.grade))) if own.grade else "",
        valid_from=_day(said, own.valid_from),
        valid_until=_day(said, own.valid_until),
        attributes={name: value for name, value in kept.items() if value},
    )
    if found.valid_from and found.valid_until and found.valid_until <= found.valid_from:
        raise ValueError(f"it ends ({found.valid_until}) before it begins ({found.valid_from})")
    return found


def _day(said: Mapping[str, Any], name: str | None) -> date | None:
    value = said.get(name) if name else None
    if isinstance(value, np.datetime64):
        value = None if np.isnat(value) else value.astype("datetime64[D]").item()
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date) or value is None or not words(value):
        return value or None
    found = DAY.fullmatch(plain(words(value)))
    try:
        return date(*map(int, found.groups())) if found else date.fromisoformat(words(value))
    except ValueError as error:
        raise ValueError(f"{words(value)} ({name}) is no date") from error


def _polygon(geometry: BaseGeometry | None) -> BaseGeometry:
    """Return the repaired polygon of a geometry in WGS-84; ValueError says why there is none."""
    if geometry is None:
        raise ValueError("it has no geometry that can be read")
    if geometry.is_empty:
        raise ValueError("its geometry is empty")
    west, south, east, north = geometry.bounds
    if -180 <= west <= 180 < east <= 360 or east - west > 180 or -360 <= west < -180 <= east:
        raise ValueError("it crosses the antimeridian (180°)")
    if not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):
        raise ValueError("its coordinates are no degrees; name their system in the mapping, as in `crs: EPSG:4547`")
    return dissolve([geometry])


def _change(before: BaseGeometry, after: BaseGeometry) -> str:
    was, now = square_metres([before, after])
    return f"was repaired ({shapely.is_valid_reason(before)}): {was:,.0f} m² before, {now:,.0f} m² after"


def _pair(said: Mapping[str, Any], properties: Properties) -> tuple[str, str | None]:
    name = words(said.get(properties.name)) if properties.name else None
    return plain(words(said.get(properties.code))), name


def _called(said: Mapping[str, Any], text: AreasText) -> str:
    parts: Iterable[str | None] = (part for one in text.named.values() for part in _pair(said, one))
    return " ".join(part for part in parts if part)


def words(value: Any) -> str:
    """Return what a property says as text; whole numbers without a point."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return "" if value is None else unicodedata.normalize("NFC", str(value)).strip()
