"""Read areas of any level or kind of grid from a file: repair polygons, dissolve larger areas. Nothing is written.

A mapping names the properties with codes and names. A feature without a code or without an area is left out and
reported; one without a name gets its code as the name, because places in it must still be found. Doubts (overlaps,
gaps, a shifted layer) are reported and accepted, unless the import is strict; a code that had ended is refused.
"""

from collections.abc import Collection, Mapping
from datetime import date
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from cityloop.core.errors import Fault, Invalid
from cityloop.core.place.areas import GRIDS, TREE, is_in_tree, spoken
from cityloop.core.place.geo import SHIFTED, Crs
from cityloop.core.place.mainland import is_doubtful
from cityloop.registry.areas.checks import is_swapped
from cityloop.registry.areas.imports.dates import Days
from cityloop.registry.areas.imports.files import Layer, UnreadableFile, read_layer
from cityloop.registry.areas.imports.gathering import Gathered, gather
from cityloop.registry.areas.imports.mapping import AreasText
from cityloop.registry.areas.imports.settling import AreaSettling, Boundaries
from cityloop.registry.areas.imports.systems import COARSE_METRES, OWN, UnknownSystem, into_wgs84, system, title
from cityloop.registry.areas.known import Known
from cityloop.runtime.yaml_files import faults_at, read_yaml

__all__ = ["Boundaries", "read_boundaries"]

NO_DAYS = Days(date.min)


def read_boundaries(
    path: Path,
    mapping: Path,
    known: Known | None = None,
    *,
    strict: bool = False,
    kinds: Collection[str] = GRIDS,
    days: Days = NO_DAYS,
) -> Boundaries:
    """Return the areas in a file; raise Invalid for faults in the mapping or the file.

    Areas are compared with the `known` ones. Doubts are refused if `strict`.
    """
    text, known = read_yaml(mapping, AreasText), known or {}
    layer = _read_layer(path, text)
    _check_mapping(mapping, text, layer, kinds)
    notices: list[Fault] = []
    geometries = _geometries(path, text, layer, notices)
    levels, left_out = gather(text, layer, geometries, notices)
    if not levels[text.own_level].names:
        raise Invalid(left_out or [Fault(path.name, "layer-empty")])
    _check_codes(levels, known)
    notices += [*left_out, *dict.fromkeys(fault for level in levels.values() for fault in level.notices)]
    return AreaSettling(text, levels, known, days, notices).checked(strict=strict or text.strict)


def _read_layer(path: Path, text: AreasText) -> Layer:
    try:
        return read_layer(path, text.layer, text.encoding)
    except UnreadableFile as error:
        raise Invalid([Fault(path.name, error.code, error.values)]) from error


def _geometries(path: Path, text: AreasText, layer: Layer, notices: list[Fault]) -> NDArray[np.object_]:
    """Return the geometries in WGS-84; note if the conversion is coarse."""
    crs = _system(path, text, layer, notices)
    geometries, accuracy = into_wgs84((feature.geometry for feature in layer.features), crs)
    if is_swapped(geometries):
        raise Invalid([Fault(path.name, "layer-swapped")])
    if not accuracy <= COARSE_METRES:
        code = "coarse-conversion-unknown" if np.isnan(accuracy) else "coarse-conversion"
        notices.append(Fault(path.name, code, {"system": title(crs), "metres": f"{accuracy:.0f}"}))
    if isinstance(crs, Crs) and crs in SHIFTED and (doubtful := _doubtful(geometries)):
        notices.append(Fault(path.name, "doubtful-shift", {"count": doubtful}))
    return geometries


def _doubtful(geometries: NDArray[np.object_]) -> int:
    """Return how many areas lie so near the edge of the mainland that it is doubtful whether they were shifted."""
    middles = shapely.centroid([shape for shape in geometries if shape is not None and not shape.is_empty])
    return sum(is_doubtful(middle.x, middle.y) for middle in middles)


def _system(path: Path, text: AreasText, layer: Layer, notices: list[Fault]) -> Crs | Any:
    """Return the system that the mapping names, or else the file's own; note if they contradict each other."""
    if text.crs == OWN:
        return _own_system(path, layer)
    named = system(text.crs)
    try:
        own = system(layer.crs) if layer.crs else named
    except UnknownSystem:  # the mapping names a system because nobody knows the file's own
        return named
    # Files drawn in GCJ-02 always name another system; systems in degrees are told apart by their values.
    if own != named and not (isinstance(own, Crs) and isinstance(named, Crs)):
        notices.append(Fault(path.name, "layer-of-other-system", {"own": title(own), "named": title(named)}))
    return named


def _own_system(path: Path, layer: Layer) -> Crs | Any:
    if not layer.crs and not layer.is_degrees_by_rule:
        raise Invalid([Fault(path.name, "layer-without-system")])
    try:
        return system(layer.crs) if layer.crs else Crs.WGS84
    except UnknownSystem as error:
        raise Invalid([error.fault(path.name)]) from error


def _check_mapping(mapping: Path, text: AreasText, layer: Layer, kinds: Collection[str]) -> None:
    """Refuse an unknown level, and a property that no feature has: a slip in the mapping, not a gap in the file."""
    if not is_in_tree(text.own_level) and text.own_level not in kinds:
        values = {"level": text.own_level, "known": ", ".join((*TREE, *kinds))}
        raise Invalid(faults_at(mapping, [(("level",), "unknown-level", values)]))
    present = {name for feature in layer.features for name in feature.properties}
    wanted = {
        (text.where(level), part): name
        for level, properties in text.named.items()
        for part, name in properties.model_dump(exclude_none=True).items()
    }
    wanted |= {("attributes", name): source for name, source in text.attributes.items()}
    wanted |= {("parent", "code"): text.parent.code} if text.parent else {}
    names = ", ".join(sorted(map(str, present)))
    faults = [
        (where, "unknown-property", {"name": name, "names": names})
        for where, name in wanted.items()
        if name not in present
    ]
    if faults and layer.features:
        raise Invalid(faults_at(mapping, faults))


def _check_codes(levels: Mapping[str, Gathered], known: Known) -> None:
    """Refuse a code of areas of two levels, in the file or in the file and the city."""
    faults = []
    for larger, smaller in combinations(levels.values(), 2):
        values = {"level": spoken(larger.level), "other": spoken(smaller.level)}
        faults += [
            Fault(code, "code-of-two-levels", values) for code in sorted(larger.names.keys() & smaller.names.keys())
        ]
    for gathered in list(levels.values())[:-1]:
        for code in sorted(gathered.names):
            before = known.get(code)
            if before and before.level != gathered.level:
                level = spoken(before.level)
                faults.append(Fault(f"{spoken(gathered.level)} {code}", "code-of-another-level", {"level": level}))
    if faults:
        raise Invalid(faults)
