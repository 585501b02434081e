"""Find what may be wrong with areas: overlaps, gaps, pieces outside the area around, odd codes. Nothing is repaired.

An import reports these doubts and the settings pages show them.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from weakref import WeakKeyDictionary

import shapely
from shapely.geometry.base import BaseGeometry

from cityloop.core.errors import Fault
from cityloop.core.place.areas import TREE, AreaLayout, is_in_tree, spoken
from cityloop.registry.areas import codes as area_codes
from cityloop.registry.areas.actions import NewArea
from cityloop.registry.areas.checks import (
    Piece,
    gaps,
    outside,
    overlaps,
    shift,
    uncovered,
)
from cityloop.registry.areas.imports.gathering import Gathered
from cityloop.registry.areas.known import DISSOLVED, Known

MOST = 3_000  # areas that one page checks
LEAST = 10.0  # square metres from which a piece is reported, unless a mapping says otherwise
OVERLAP, GAP, OUTSIDE, UNCOVERED = "overlap", "gap", "outside", "uncovered"

Shapes = Mapping[str, BaseGeometry]


@dataclass(frozen=True, slots=True)
class AreaDoubt:
    """A piece of land and what is wrong with it: one of the four kinds above."""

    kind: str
    piece: Piece


@dataclass(frozen=True, slots=True)
class AreaDoubts:
    """All doubts, and a summary of them."""

    faults: list[Fault]
    summary: list[str]


def pieces(
    level: str, shapes: Shapes, parents: Mapping[str, str | None], around: Shapes, least: float
) -> list[AreaDoubt]:
    """Return the doubtful pieces of the areas of one level; `around` has the parents with polygons of their own.

    A piece of a parent that nothing covers is uncovered; a hole in or between parents, or between areas without a
    parent, is a gap.
    """
    found = [AreaDoubt(OVERLAP, piece) for piece in overlaps(shapes, least)]
    if not is_in_tree(level):
        return found
    homes = {code: (parent, around[parent]) for code, parent in parents.items() if parent and parent in around}
    inside: dict[str, list[BaseGeometry]] = {}
    for code, (parent, _) in homes.items():
        inside.setdefault(parent, []).append(shapes[code])
    left = uncovered({code: around[code] for code in inside}, inside, least)
    found += (AreaDoubt(OUTSIDE, piece) for piece in outside(shapes, homes, least))
    found += (AreaDoubt(UNCOVERED, piece) for piece in left)
    # If the areas around have polygons of their own, their pieces are reported above; they are also far fewer.
    without = {code: shape for code, shape in shapes.items() if code not in homes}
    return found + [
        AreaDoubt(GAP, hole) for hole in gaps({**without, **{code: around[code] for code in inside}}, least)
    ]


_found: "WeakKeyDictionary[AreaLayout, dict[tuple[str, str], tuple[AreaDoubt, ...]]]" = WeakKeyDictionary()


def scopes(layout: AreaLayout, level: str) -> list[str]:
    """Return the larger areas to choose one from, if a level has too many areas to check at once."""
    own = [code for code, area in layout.areas.items() if area.level == level]
    if len(own) <= MOST:
        return []
    for larger in TREE:
        counts = Counter(layout.lineages[code].get(larger) for code in own)
        if larger != level and None not in counts and max(counts.values()) <= MOST:
            break
    return sorted(code for code in counts if code)


def of_layout(layout: AreaLayout, level: str, within: str = "") -> tuple[AreaDoubt, ...]:
    """Return the doubts about the areas of a level, all or those in one area; found once for a layout."""
    known = _found.setdefault(layout, {})
    if (level, within) not in known:
        own = {
            code: area.parent
            for code, area in layout.areas.items()
            if area.level == level and (not within or within in layout.lineages[code].values())
        }
        shapes = {code: shapely.from_wkb(layout.shapes[code]) for code in own}
        homes = {code for code in own.values() if code in layout.areas}
        around = {str(code): shapely.from_wkb(layout.shapes[str(code)]) for code in homes}
        known[level, within] = tuple(pieces(level, shapes, own, around, LEAST)) if shapes else ()
    return known[level, within]


def of_import(
    areas: Sequence[NewArea], own: Gathered, shapes: Shapes, current: Known, known: Known, least: float
) -> AreaDoubts:
    """Return the doubts about the areas of a file, together with the areas that do not end."""
    faults = []
    if shifted := shift(shapes, {code: area.shape for code, area in known.items()}):
        faults.append(shifted)
    faults += (
        Fault(f"{spoken(area.level)} {area.code} {area.name}", *reason)
        for area in areas
        if (reason := area_codes.doubt(area.code, area.level, area.parent))
    )
    parents = {area.code: area.parent for area in areas if area.level == own.level}
    others = {code: area for code, area in current.items() if area.level == own.level and code not in shapes}
    everything = {**shapes, **{code: area.shape for code, area in others.items()}}
    parents |= {code: area.parent for code, area in others.items() if area.parent in set(parents.values())}
    dissolved = {area.code for area in areas if (area.attributes or {}).get(DISSOLVED)}
    around = {
        code: area.shape
        for code, area in current.items()
        if code in set(parents.values()) and code not in dissolved and not area.attributes.get(DISSOLVED)
    }
    found = [
        doubt
        for doubt in pieces(own.level, everything, parents, around, least)
        if doubt.kind == UNCOVERED or not set(doubt.piece.codes).isdisjoint(shapes)
    ]
    labels = {code: area.label for code, area in known.items()}
    labels |= {area.code: area.code if area.name == area.code else f"{area.code} {area.name}" for area in areas}
    faults += (_fault(doubt, own.level, labels) for doubt in found)
    return AreaDoubts(faults, [*_sums(found), *_odd_codes(areas)])


def _fault(doubt: AreaDoubt, level: str, labels: Mapping[str, str]) -> Fault:
    """Return a doubt as a fault of the area that it concerns."""
    piece, what = doubt.piece, spoken(level)
    names = [labels.get(code, code) for code in piece.codes]
    values = {"size": f"{piece.square_metres:,.0f}", "place": f"{piece.lon:.5f}, {piece.lat:.5f}", "level": what}
    match doubt.kind:
        case "overlap":
            return Fault(f"{what} {names[0]}", "area-overlaps", {**values, "other": names[1]})
        case "outside":
            return Fault(f"{what} {names[0]}", "area-outside-parent", {**values, "parent": names[1]})
        case "uncovered":
            return Fault(names[0], "area-uncovered", values)
        case _:
            return Fault("gap", "area-gap", {**values, "names": ", ".join(names)})


def _sums(found: Iterable[AreaDoubt]) -> Iterator[str]:
    by_kind: dict[str, list[float]] = {}
    for doubt in found:
        by_kind.setdefault(doubt.kind, []).append(doubt.piece.square_metres)
    nouns = {OVERLAP: "overlap", GAP: "gap", UNCOVERED: "gap", OUTSIDE: "piece"}
    ends = {OUTSIDE: " outside the area around"}
    for kind, sizes in by_kind.items():
        plural = "s" if sizes[1:] else ""
        yield f"{len(sizes):,} {nouns[kind]}{plural}{ends.get(kind, '')} of {sum(sizes):,.0f} m² in all"


def _odd_codes(areas: Iterable[NewArea]) -> Iterator[str]:
    """Yield a note about codes that have not the national form, and about the old form of unit grids."""
    by_level: dict[str, list[str]] = {}
    for area in areas:
        by_level.setdefault(area.level, []).append(area.code)
    for level, codes in by_level.items():
        what = spoken(level)
        if found := area_codes.foreign(codes):
            plural = "s" if found[1:] else ""
            yield f"{len(found):,} {what} code{plural} without the national form taken as given, such as {found[0]}"
        if found := area_codes.old_grids(codes):
            yield f"{len(found):,} codes of the old form with 14 digits, such as {found[0]}; the present form has 15"
