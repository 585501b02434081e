"""Areas from a file of communities or of districts: polygons repaired, districts dissolved. Nothing is written.

A mapping names the properties that hold codes and names. A feature without a code or without an area is left out and
told; one without a name is called by its code, because places in it must still be found. What is doubtful (overlaps,
gaps, a shifted layer) is told and stands, unless the import is strict.
"""

import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from cityloop.core.errors import Fault, Invalid
from cityloop.core.geo import Crs, dissolve
from cityloop.registry import area_codes
from cityloop.registry.actions import NewArea
from cityloop.registry.area_checks import Piece, gaps, is_swapped, overlaps, shift
from cityloop.registry.area_files import Feature, Layer, Unreadable, read_layer
from cityloop.registry.area_mapping import AreasText, Properties
from cityloop.registry.area_systems import COARSE_METRES, OWN, into_wgs84, square_metres, system, title
from cityloop.registry.yaml_files import faults_at, read_yaml

Known = Mapping[str, BaseGeometry]  # the areas already known by code, in WGS-84


@dataclass(frozen=True, slots=True)
class Boundaries:
    """The areas of a file, parents first; what was left out or changed, what is doubtful, and that in a few words."""

    areas: tuple[NewArea, ...]
    notices: tuple[Fault, ...]
    doubts: tuple[Fault, ...] = ()
    summary: tuple[str, ...] = ()

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

    def wholes(self) -> dict[str, BaseGeometry]:
        """Return the areas in the order of their codes, the polygons of one code made one."""
        return {code: dissolve(self.polygons[code]) for code in sorted(self.names)}

    def areas(self, wholes: Known) -> Iterable[NewArea]:
        """Yield the areas to be entered."""
        for code, whole in wholes.items():
            yield NewArea(code, self.names[code], self.level, self.parents[code], whole.wkb)

    def named(self, code: str) -> str:
        """Return code and name of an area, the code alone where it has no other name or is none of this level."""
        name = self.names.get(code, code)
        return code if name == code else f"{code} {name}"


def read_boundaries(path: Path, mapping: Path, known: Known | None = None, *, strict: bool = False) -> Boundaries:
    """Return the areas in a file; raise Invalid for what is wrong in the mapping or fits nothing.

    Areas are held against the `known` ones of the same codes. What is in doubt is refused if `strict`.
    """
    text = read_yaml(mapping, AreasText)
    layer = _layer(path, text)
    _check_properties(mapping, text, layer.features)
    notices: list[Fault] = []
    geometries = _placed(path, text, layer, notices)
    districts, communities = Gathered("district"), Gathered("community")
    left_out = _gather_all(text, layer, geometries, (districts, communities), notices)
    if twice := sorted(districts.names.keys() & communities.names.keys()):
        raise Invalid([Fault(code, "is the code of a district and of a community") for code in twice])
    if not districts.names:
        raise Invalid(left_out or [Fault(path.name, "has no features")])
    notices += [*left_out, *dict.fromkeys(districts.notices + communities.notices)]
    return _checked(text, (districts, communities), notices, known or {}, strict=strict or text.strict)


def _layer(path: Path, text: AreasText) -> Layer:
    try:
        return read_layer(path, text.layer, text.encoding)
    except Unreadable as wrong:
        raise Invalid([Fault(path.name, str(wrong))]) from wrong


def _placed(path: Path, text: AreasText, layer: Layer, notices: list[Fault]) -> NDArray[np.object_]:
    """Return the geometries in WGS-84; tell what is to be known about the conversion."""
    crs = _system(path, text, layer, notices)
    geometries, accuracy = into_wgs84((feature.geometry for feature in layer.features), crs)
    if is_swapped(geometries):
        raise Invalid([Fault(path.name, "its longitudes and latitudes are exchanged: longitude comes first")])
    if not accuracy <= COARSE_METRES:
        good = "an unknown distance" if np.isnan(accuracy) else f"{accuracy:.0f} m"
        notices.append(Fault(path.name, f"{title(crs)} is turned into WGS-84 only to within {good}"))
    return geometries


def _system(path: Path, text: AreasText, layer: Layer, notices: list[Fault]) -> Crs | Any:
    """Return the system that the mapping names, else the file's own; tell where they contradict each other."""
    if text.crs == OWN:
        return _own(path, layer)
    asked = system(text.crs)
    try:
        own = system(layer.crs) if layer.crs else asked
    except ValueError:  # the mapping is asked just because the file's own name is not understood
        return asked
    # What is drawn in GCJ-02 always calls itself something else; degrees are told apart by their values.
    if own != asked and not (isinstance(own, Crs) and isinstance(asked, Crs)):
        notices.append(
            Fault(path.name, f"calls itself {title(own)}; it is read as {title(asked)}, as the mapping says")
        )
    return asked


def _own(path: Path, layer: Layer) -> Crs | Any:
    if not layer.crs and not layer.is_degrees_by_rule:
        why = "names no coordinate system; name it in the mapping, as in `crs: EPSG:4547` or `crs: gcj02`"
        raise Invalid([Fault(path.name, why)])
    try:
        return system(layer.crs) if layer.crs else Crs.WGS84
    except ValueError as wrong:
        raise Invalid([Fault(path.name, str(wrong))]) from wrong


def _gather_all(
    text: AreasText,
    layer: Layer,
    geometries: NDArray[np.object_],
    levels: tuple[Gathered, Gathered],
    notices: list[Fault],
) -> list[Fault]:
    """Take every feature in; return those left out. Invalid for codes that several features carry."""
    left_out, seen = [], defaultdict[str, list[int]](list)
    for feature, geometry in zip(layer.features, geometries, strict=True):
        called = f"feature {feature.number} {_name(feature.said, text)}".strip()
        try:
            polygon = _polygon(geometry)
            _gather(feature.said, polygon, text, *levels)
        except ValueError as wrong:
            left_out.append(Fault(called, f"was left out: {wrong}"))
            continue
        seen[_pair(feature.said, text.smallest)[0]].append(feature.number)
        if not shapely.is_valid(geometry):
            notices.append(Fault(called, _change(geometry, polygon)))
    if text.parts == "refuse" and (several := {code: numbers for code, numbers in seen.items() if numbers[1:]}):
        why = "if they are parts of one area, say `parts: join` in the mapping"
        told = {code: ", ".join(map(str, numbers)) for code, numbers in several.items()}
        raise Invalid([Fault(code, f"is the code of features {numbers}; {why}") for code, numbers in told.items()])
    return left_out


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


def _check_properties(mapping: Path, text: AreasText, features: Iterable[Feature]) -> None:
    """Refuse a property that no feature has: a slip in the mapping, not a gap in the file."""
    there = {name for feature in features for name in feature.said}
    asked = {("district", part): name for part, name in text.district.model_dump().items()}
    if text.community:
        asked |= {("community", part): name for part, name in text.community.model_dump().items()}
    why = f"is a property of no feature; they have: {', '.join(sorted(map(str, there)))}"
    if faults := [(where, f"{name} {why}") for where, name in asked.items() if name not in there]:
        raise Invalid(faults_at(mapping, faults))


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


def _checked(
    text: AreasText, levels: tuple[Gathered, Gathered], notices: list[Fault], known: Known, *, strict: bool
) -> Boundaries:
    wholes = [level.wholes() for level in levels]
    areas = tuple(area for level, shapes in zip(levels, wholes, strict=True) for area in level.areas(shapes))
    smallest, shapes = (levels[1], wholes[1]) if text.community else (levels[0], wholes[0])
    doubts = [Fault("the whole layer", lies)] if (lies := shift(shapes, known)) else []
    doubts += _code_doubts(areas)
    least = text.tolerance_square_metres
    common, holes = overlaps(shapes, least), gaps(shapes, least)
    doubts += (_overlap(piece, smallest) for piece in common)
    doubts += (_gap(piece, smallest) for piece in holes)
    if strict and doubts:
        raise Invalid(doubts)
    summary = [*_sum("overlap", common), *_sum("gap", holes), *_foreign(levels)]
    return Boundaries(areas, tuple(notices), tuple(doubts), tuple(summary))


def _code_doubts(areas: Iterable[NewArea]) -> list[Fault]:
    told = ((area, area_codes.doubt(area.code, area.level, area.parent)) for area in areas)
    return [Fault(f"{area.level} {area.code} {area.name}", why) for area, why in told if why]


def _overlap(piece: Piece, level: Gathered) -> Fault:
    one, other = (level.named(code) for code in piece.codes)
    return Fault(f"{level.level} {one}", f"overlaps {other} by {piece.square_metres:,.0f} m² {_at(piece)}")


def _gap(piece: Piece, level: Gathered) -> Fault:
    around = ", ".join(level.named(code) for code in piece.codes)
    return Fault("gap", f"{piece.square_metres:,.0f} m² {_at(piece)} lie in no {level.level}; around it: {around}")


def _at(piece: Piece) -> str:
    return f"at {piece.lon:.5f}, {piece.lat:.5f}"


def _sum(word: str, pieces: list[Piece]) -> list[str]:
    whole = sum(piece.square_metres for piece in pieces)
    return [f"{len(pieces):,} {word}{'s' if pieces[1:] else ''} of {whole:,.0f} m² in all"] if pieces else []


def _foreign(levels: Iterable[Gathered]) -> list[str]:
    """Return a note on codes of no national form, where there are national ones too or not."""
    found = ((level.level, area_codes.foreign(level.names)) for level in levels)
    return [
        f"{len(codes):,} {level} code{'s' if codes[1:] else ''} not of the national form taken as given, as {codes[0]}"
        for level, codes in found
        if codes
    ]


def _pair(said: Mapping[str, Any], properties: Properties) -> tuple[str, str]:
    return _words(said.get(properties.code)), _words(said.get(properties.name))


def _name(said: Mapping[str, Any], text: AreasText) -> str:
    parts = [*_pair(said, text.district), *(_pair(said, text.community) if text.community else ())]
    return " ".join(part for part in parts if part)


def _words(value: Any) -> str:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return "" if value is None else unicodedata.normalize("NFC", str(value)).strip()
