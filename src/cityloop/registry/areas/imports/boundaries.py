"""Areas from a file, of any level or kind of grid: polygons repaired, larger areas dissolved. Nothing is written.

A mapping names the properties that hold codes and names. A feature without a code or without an area is left out and
told; one without a name is called by its code, because places in it must still be found. What is doubtful (overlaps,
gaps, a shifted layer) is told and stands, unless the import is strict; a code that had ended is refused.
"""

from collections.abc import Collection, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cityloop.core.errors import Fault, Invalid
from cityloop.core.place.areas import GRIDS, TREE, is_in_tree, spoken
from cityloop.core.place.geo import Crs
from cityloop.registry.areas.checks import is_swapped
from cityloop.registry.areas.imports.dates import Days
from cityloop.registry.areas.imports.files import Layer, UnreadableFile, read_layer
from cityloop.registry.areas.imports.gathering import Gathered, gather
from cityloop.registry.areas.imports.mapping import AreasText
from cityloop.registry.areas.imports.settling import AreaSettling, Boundaries
from cityloop.registry.areas.imports.systems import COARSE_METRES, OWN, into_wgs84, system, title
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
    """Return the areas in a file; raise Invalid for what is wrong in the mapping or fits nothing.

    Areas are held against the `known` ones. What is in doubt is refused if `strict`.
    """
    text, known = read_yaml(mapping, AreasText), known or {}
    layer = _layer(path, text)
    _check_mapping(mapping, text, layer, kinds)
    notices: list[Fault] = []
    geometries = _placed(path, text, layer, notices)
    levels, left_out = gather(text, layer, geometries, notices)
    if not levels[text.own_level].names:
        raise Invalid(left_out or [Fault(path.name, "has no features")])
    _check_codes(levels, known)
    notices += [*left_out, *dict.fromkeys(fault for level in levels.values() for fault in level.notices)]
    return AreaSettling(text, levels, known, days, notices).checked(strict=strict or text.strict)


def _layer(path: Path, text: AreasText) -> Layer:
    try:
        return read_layer(path, text.layer, text.encoding)
    except UnreadableFile as error:
        raise Invalid([Fault(path.name, str(error))]) from error


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
    except ValueError as error:
        raise Invalid([Fault(path.name, str(error))]) from error


def _check_mapping(mapping: Path, text: AreasText, layer: Layer, kinds: Collection[str]) -> None:
    """Refuse a level nobody knows, and a property that no feature has: a slip in the mapping, not a gap in the file."""
    if not is_in_tree(text.own_level) and text.own_level not in kinds:
        why = (
            f"is no level and no kind of grid; known are {', '.join((*TREE, *kinds))}. A pack may declare further ones"
        )
        raise Invalid(faults_at(mapping, [(("level",), f"{text.own_level} {why}")]))
    there = {name for feature in layer.features for name in feature.said}
    asked = {
        (text.where(level), part): name
        for level, properties in text.named.items()
        for part, name in properties.model_dump(exclude_none=True).items()
    }
    asked |= {("attributes", name): source for name, source in text.attributes.items()}
    asked |= {("parent", "code"): text.parent.code} if text.parent else {}
    why = f"is a property of no feature; they have: {', '.join(sorted(map(str, there)))}"
    faults = [(where, f"{name} {why}") for where, name in asked.items() if name not in there]
    if faults and layer.features:
        raise Invalid(faults_at(mapping, faults))


def _check_codes(levels: Mapping[str, Gathered], known: Known) -> None:
    """Refuse a code that stands for two areas, and one of a larger area that is neither known nor named."""
    listed, faults = list(levels.values()), []
    for place, one in enumerate(listed):
        for other in listed[place + 1 :]:
            twice = sorted(one.names.keys() & other.names.keys())
            faults += [
                Fault(code, f"is the code of a {spoken(one.level)} and of a {spoken(other.level)}") for code in twice
            ]
    for one in listed[:-1]:
        for code in sorted(one.names):
            before = known.get(code)
            if before and before.level != one.level:
                faults.append(
                    Fault(f"{spoken(one.level)} {code}", f"its code is that of a {spoken(before.level)} already")
                )
    if faults:
        raise Invalid(faults)
