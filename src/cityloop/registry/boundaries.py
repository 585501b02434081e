"""Areas from a GeoJSON of communities or of districts: polygons repaired, districts dissolved. Nothing is written.

A mapping names the properties that hold codes and names. A feature without a code or without an area is left out and
told; one without a name is called by its code, because places in it must still be found.
"""

import gzip
import json
import unicodedata
import zlib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from pydantic import field_validator
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

from cityloop.core.errors import Fault, Invalid
from cityloop.core.geo import Crs, dissolve, parse_crs, repair, to_wgs84
from cityloop.registry.actions import NewArea
from cityloop.registry.yaml_files import Strict, faults_at, read_yaml

GZIP = b"\x1f\x8b"


class Properties(Strict):
    """The properties of a feature that hold the code and the name of an area."""

    code: str
    name: str


class AreasText(Strict):
    """What a mapping of areas says; without communities the districts are the smallest areas."""

    district: Properties
    community: Properties | None = None
    crs: Crs = Crs.WGS84

    @field_validator("crs", mode="before")
    @classmethod
    def _named(cls, words: str) -> Crs:
        return parse_crs(str(words))


@dataclass(frozen=True, slots=True)
class Boundaries:
    """The areas of a file, parents first, and what was left out or called otherwise."""

    areas: tuple[NewArea, ...]
    notices: tuple[Fault, ...]

    def count(self, level: str) -> int:
        """Return how many areas of a level there are."""
        return sum(area.level == level for area in self.areas)


@dataclass(slots=True)
class Gathered:
    """Areas of one level by code: names, parents, and every polygon that carries the code."""

    level: str
    names: dict[str, str] = field(default_factory=dict)
    parents: dict[str, str | None] = field(default_factory=dict)
    polygons: defaultdict[str, list[BaseGeometry]] = field(default_factory=lambda: defaultdict(list))
    notices: list[Fault] = field(default_factory=list)

    def add(self, code: str, name: str, parent: str | None, polygon: BaseGeometry) -> None:
        """Take a polygon in; the first name and the first district of a code stand."""
        if code not in self.names:
            self.names[code], self.parents[code] = name or code, parent
            if not name:
                self.notices.append(Fault(f"{self.level} {code}", "has no name: it is called by its code"))
        elif name and name != self.names[code]:
            self.notices.append(Fault(f"{self.level} {code}", f"is also named {name}: {self.names[code]} stands"))
        if parent != self.parents[code]:
            why = f"also lies in district {parent}: {self.parents[code]} stands"
            self.notices.append(Fault(f"{self.level} {code}", why))
        self.polygons[code].append(polygon)

    def areas(self) -> Iterable[NewArea]:
        """Yield the areas in the order of their codes, the polygons of one code made one."""
        for code in sorted(self.names):
            whole = dissolve(self.polygons[code])
            yield NewArea(code, self.names[code], self.level, self.parents[code], whole.wkb)


def read_boundaries(path: Path, mapping: Path) -> Boundaries:
    """Return the areas in a GeoJSON (.gz or not); raise Invalid for what is wrong in the mapping or fits nothing."""
    text = read_yaml(mapping, AreasText)
    features = _features(path)
    _check_properties(mapping, text, features)
    districts, communities = Gathered("district"), Gathered("community")
    left_out: list[Fault] = []
    for number, feature in enumerate(features, start=1):
        said, place = feature.get("properties") or {}, f"feature {number}"
        try:
            _gather(said, _polygon(feature.get("geometry"), text.crs), text, districts, communities)
        except ValueError as wrong:
            left_out.append(Fault(f"{place} {_name(said, text)}".strip(), f"was left out: {wrong}"))
    if twice := sorted(districts.names.keys() & communities.names.keys()):
        raise Invalid([Fault(code, "is the code of a district and of a community") for code in twice])
    if not districts.names:
        raise Invalid(left_out or [Fault(path.name, "has no features")])
    notices = (*left_out, *dict.fromkeys(districts.notices + communities.notices))
    return Boundaries((*districts.areas(), *communities.areas()), notices)


def _gather(
    said: Mapping[str, Any], polygon: BaseGeometry, text: AreasText, districts: Gathered, communities: Gathered
) -> None:
    code, name = _pair(said, text.district)
    if not code:
        raise ValueError(f"the code of its district ({text.district.code}) is empty")
    if text.community:
        own_code, own_name = _pair(said, text.community)
        if not own_code:
            raise ValueError(f"its code ({text.community.code}) is empty")
        communities.add(own_code, own_name, code, polygon)
    districts.add(code, name, None, polygon)


def _features(path: Path) -> list[dict[str, Any]]:
    try:
        raw = path.read_bytes()
        content = json.loads(gzip.decompress(raw) if raw.startswith(GZIP) else raw)
    except (OSError, EOFError, zlib.error, ValueError, RecursionError) as wrong:
        raise Invalid([Fault(path.name, f"is not a GeoJSON that can be read: {wrong}")]) from wrong
    features = content.get("features") if isinstance(content, dict) else None
    if not isinstance(features, list) or not all(isinstance(feature, dict) for feature in features):
        raise Invalid([Fault(path.name, "is not a FeatureCollection of GeoJSON")])
    return features


def _check_properties(mapping: Path, text: AreasText, features: list[dict[str, Any]]) -> None:
    """Refuse a property that no feature has: a slip in the mapping, not a gap in the file."""
    there = {name for feature in features for name in (feature.get("properties") or {})}
    asked = {("district", part): name for part, name in text.district.model_dump().items()}
    if text.community:
        asked |= {("community", part): name for part, name in text.community.model_dump().items()}
    why = f"is a property of no feature; they have: {', '.join(sorted(there))}"
    if faults := [(where, f"{name} {why}") for where, name in asked.items() if name not in there]:
        raise Invalid(faults_at(mapping, faults))


def _polygon(geometry: Any, crs: Crs) -> BaseGeometry:
    """Return the repaired polygon in WGS-84; ValueError says why there is none."""
    try:
        read = shape(geometry)
    except (AttributeError, KeyError, TypeError, ValueError, IndexError, shapely.errors.ShapelyError) as wrong:
        raise ValueError("it has no geometry that can be read") from wrong
    if read.is_empty:
        raise ValueError("its geometry is empty")
    west, south, east, north = read.bounds
    if not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):
        raise ValueError("its coordinates are no degrees; export it as longitude and latitude")
    if crs in (Crs.GCJ02, Crs.BD09):
        read = shapely.transform(read, lambda pairs: _moved(pairs, crs))
    return repair(read)


def _moved(pairs: NDArray[np.float64], crs: Crs) -> NDArray[np.float64]:
    return np.array([to_wgs84(lon, lat, crs) for lon, lat in pairs.tolist()])


def _pair(said: Mapping[str, Any], properties: Properties) -> tuple[str, str]:
    return _words(said.get(properties.code)), _words(said.get(properties.name))


def _name(said: Mapping[str, Any], text: AreasText) -> str:
    parts = [*_pair(said, text.district), *(_pair(said, text.community) if text.community else ())]
    return " ".join(part for part in parts if part)


def _words(value: Any) -> str:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return "" if value is None else unicodedata.normalize("NFC", str(value)).strip()
