"""Gather features into areas: read codes, names and dates, and join the polygons of one code.

settling.py compares the areas with those already known. Nothing is written.
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

from cityloop.core.codes.form import checked
from cityloop.core.errors import Fault, Invalid
from cityloop.core.invalid_values import InvalidValue
from cityloop.core.place.areas import spoken
from cityloop.core.place.geo import dissolve
from cityloop.core.place.measuring import square_metres
from cityloop.registry.areas.codes import plain
from cityloop.registry.areas.imports.files import Layer
from cityloop.registry.areas.imports.mapping import AreasText, Properties

DAY = re.compile(r"(\d{4})[-/.年]?(\d{1,2})[-/.月]?(\d{1,2})日?(?:[T ].*)?")


class LeftOut(InvalidValue):
    """A feature that is not imported; its code says why."""


@dataclass(frozen=True, slots=True)
class Further:
    """The properties of a feature's own area besides code and name."""

    grade: str = ""
    valid_from: date | None = None
    valid_until: date | None = None
    attributes: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Gathered:
    """Areas of one level by code: names, parents, and every polygon that has the code."""

    level: str
    names: dict[str, str] = field(default_factory=dict)
    parents: dict[str, str | None] = field(default_factory=dict)
    further: dict[str, Further] = field(default_factory=dict)
    polygons: defaultdict[str, list[BaseGeometry]] = field(default_factory=lambda: defaultdict(list))
    notices: list[Fault] = field(default_factory=list)

    def add(self, code: str, name: str | None, parent: tuple[str, str] | None, polygon: BaseGeometry) -> None:
        """Add a polygon; the first name and the first parent (level and code) are kept. None: no name is wanted."""
        around = parent[1] if parent else None
        if code not in self.names:
            self.names[code], self.parents[code] = name or code, around
            if name == "":
                self.notices.append(Fault(f"{spoken(self.level)} {code}", "area-without-name"))
        elif name and name != self.names[code]:
            values = {"other": name, "name": self.names[code]}
            self.notices.append(Fault(f"{spoken(self.level)} {code}", "area-of-two-names", values))
        if parent and around != self.parents[code]:
            values = {"level": spoken(parent[0]), "other": parent[1], "parent": str(self.parents[code])}
            self.notices.append(Fault(f"{spoken(self.level)} {code}", "area-of-two-parents", values))
        self.polygons[code].append(polygon)

    def joined(self) -> dict[str, BaseGeometry]:
        """Return the areas in the order of their codes, the polygons of one code joined."""
        return {code: dissolve(self.polygons[code]) for code in sorted(self.names)}


def gather(
    text: AreasText, layer: Layer, geometries: NDArray[np.object_], notices: list[Fault]
) -> tuple[dict[str, Gathered], list[Fault]]:
    """Return the areas by level, the largest first, and the features left out.

    Raise Invalid if several features have one code, unless the mapping joins them.
    """
    levels = {level: Gathered(level) for level in text.named}
    left_out, seen = [], defaultdict[str, list[int]](list)
    for feature, geometry in zip(layer.features, geometries, strict=True):
        label = f"feature {feature.number} {_codes_and_names(feature.properties, text)}".strip()
        try:
            polygon = _polygon(geometry)
            code = _take(feature.properties, polygon, text, levels)
        except LeftOut as error:
            left_out.append(error.fault(label))
            continue
        seen[code].append(feature.number)
        if code != as_text(feature.properties.get(text.own.code)):
            notices.append(Fault(label, "code-in-full-width", {"code": code}))
        if not shapely.is_valid(geometry):
            notices.append(_repaired(label, geometry, polygon))
    if text.parts == "refuse":
        _refuse_parts(seen)
    return levels, left_out


def _refuse_parts(seen: Mapping[str, Sequence[int]]) -> None:
    several = {code: ", ".join(map(str, numbers)) for code, numbers in seen.items() if numbers[1:]}
    if several:
        raise Invalid([Fault(code, "code-of-several-features", {"numbers": each}) for code, each in several.items()])


def _take(row: Mapping[str, Any], polygon: BaseGeometry, text: AreasText, levels: Mapping[str, Gathered]) -> str:
    """Add a feature at every level; return its own code."""
    read = {level: _pair(row, properties) for level, properties in text.named.items()}
    for level, (code, _) in read.items():
        if not code:
            reason = "left-out-no-code" if level == text.own_level else "left-out-no-code-around"
            raise LeftOut(reason, {"level": spoken(level), "property": text.named[level].code})
        _check_code(code)
    further = _further(row, text)
    parent = None
    for level, (code, name) in read.items():
        levels[level].add(code, name, parent, polygon)
        parent = (level, code)
    own = read[text.own_level][0]
    levels[text.own_level].further.setdefault(own, further)
    if text.parent:
        levels[text.own_level].parents[own] = plain(as_text(row.get(text.parent.code))) or None
    return own


def _check_code(code: str) -> None:
    try:
        checked(code)
    except InvalidValue as error:
        raise LeftOut(f"left-out-{error.code}", error.values) from error


def _further(row: Mapping[str, Any], text: AreasText) -> Further:
    own = text.own
    kept = {name: as_text(row.get(source)) for name, source in text.attributes.items()}
    found = Further(
        grade=plain(as_text(row.get(own.grade))) if own.grade else "",
        valid_from=_day(row, own.valid_from),
        valid_until=_day(row, own.valid_until),
        attributes={name: value for name, value in kept.items() if value},
    )
    if found.valid_from and found.valid_until and found.valid_until <= found.valid_from:
        raise LeftOut("left-out-ends-early", {"first": str(found.valid_from), "last": str(found.valid_until)})
    return found


def _day(row: Mapping[str, Any], name: str | None) -> date | None:
    value = row.get(name) if name else None
    if isinstance(value, np.datetime64):
        value = None if np.isnat(value) else value.astype("datetime64[D]").item()
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date) or value is None or not as_text(value):
        return value or None
    found = DAY.fullmatch(plain(as_text(value)))
    try:
        return date(*map(int, found.groups())) if found else date.fromisoformat(as_text(value))
    except ValueError as error:
        raise LeftOut("left-out-not-a-day", {"value": as_text(value), "property": str(name)}) from error


def _polygon(geometry: BaseGeometry | None) -> BaseGeometry:
    """Return the repaired polygon of a geometry in WGS-84; raise LeftOut if there is none."""
    if geometry is None:
        raise LeftOut("left-out-no-geometry")
    if geometry.is_empty:
        raise LeftOut("left-out-empty")
    west, south, east, north = geometry.bounds
    if -180 <= west <= 180 < east <= 360 or east - west > 180 or -360 <= west < -180 <= east:
        raise LeftOut("left-out-antimeridian")
    if not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):
        raise LeftOut("left-out-not-degrees")
    try:
        return dissolve([geometry])
    except ValueError as error:
        raise LeftOut("left-out-not-a-polygon") from error


def _repaired(label: str, before: BaseGeometry, after: BaseGeometry) -> Fault:
    was, now = square_metres([before, after])
    reason = shapely.is_valid_reason(before)
    return Fault(label, "polygon-repaired", {"reason": reason, "before": f"{was:,.0f}", "after": f"{now:,.0f}"})


def _pair(row: Mapping[str, Any], properties: Properties) -> tuple[str, str | None]:
    """Return the code and the name that a feature gives for one level."""
    name = as_text(row.get(properties.name)) if properties.name else None
    return plain(as_text(row.get(properties.code))), name


def _codes_and_names(row: Mapping[str, Any], text: AreasText) -> str:
    parts: Iterable[str | None] = (part for properties in text.named.values() for part in _pair(row, properties))
    return " ".join(part for part in parts if part)


def as_text(value: Any) -> str:
    """Return the value of a property as text; whole numbers without a point."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return "" if value is None else unicodedata.normalize("NFC", str(value)).strip()
