"""What may be wrong with areas: overlaps, gaps, pieces outside the area around, odd codes. Told, never mended.

The same pieces are told by an import and shown by the settings pages.
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

MOST = 3_000  # areas looked through for one page
LEAST = 10.0  # square metres that are worth a word, where nobody says otherwise
OVERLAP, GAP, OUTSIDE, UNCOVERED = "overlap", "gap", "outside", "uncovered"

Shapes = Mapping[str, BaseGeometry]


@dataclass(frozen=True, slots=True)
class AreaDoubt:
    """A piece of land and what is wrong with it: one of the four words above."""

    kind: str
    piece: Piece


@dataclass(frozen=True, slots=True)
class AreaDoubts:
    """Everything in doubt, and that in a few words."""

    faults: list[Fault]
    summary: list[str]


def pieces(
    level: str, shapes: Shapes, parents: Mapping[str, str | None], around: Shapes, least: float
) -> list[AreaDoubt]:
    """Return the doubtful pieces of the areas of one level; `around` are the polygons their parents have of their own.

    What is left of a parent is told as uncovered; a hole between or in parents, or between areas without one, as a gap.
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
    # Where the areas around have polygons of their own, what they leave is told above; they are far fewer, too.
    without = {code: shape for code, shape in shapes.items() if code not in homes}
    return found + [
        AreaDoubt(GAP, hole) for hole in gaps({**without, **{code: around[code] for code in inside}}, least)
    ]


_found: "WeakKeyDictionary[AreaLayout, dict[tuple[str, str], tuple[AreaDoubt, ...]]]" = WeakKeyDictionary()


def scopes(layout: AreaLayout, level: str) -> list[str]:
    """Return the larger areas of which one is to be chosen, because a level has too many areas for one look."""
    own = [code for code, area in layout.areas.items() if area.level == level]
    if len(own) <= MOST:
        return []
    for larger in TREE:
        counts = Counter(layout.lineages[code].get(larger) for code in own)
        if larger != level and None not in counts and max(counts.values()) <= MOST:
            break
    return sorted(code for code in counts if code)


def of_layout(layout: AreaLayout, level: str, within: str = "") -> tuple[AreaDoubt, ...]:
    """Return what is in doubt about the areas of a level, all or those in one; found once for a layout."""
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
    areas: Sequence[NewArea], own: Gathered, shapes: Shapes, standing: Known, known: Known, least: float
) -> AreaDoubts:
    """Return what is in doubt about the areas of a file, beside those that stand on."""
    faults = []
    if lies := shift(shapes, {code: one.shape for code, one in known.items()}):
        faults.append(Fault("the whole layer", lies))
    told = ((area, area_codes.doubt(area.code, area.level, area.parent)) for area in areas)
    faults += (Fault(f"{spoken(area.level)} {area.code} {area.name}", why) for area, why in told if why)
    parents = {area.code: area.parent for area in areas if area.level == own.level}
    beside = {code: one for code, one in standing.items() if one.level == own.level and code not in shapes}
    everything = {**shapes, **{code: one.shape for code, one in beside.items()}}
    parents |= {code: one.parent for code, one in beside.items() if one.parent in set(parents.values())}
    dissolved = {area.code for area in areas if (area.attributes or {}).get(DISSOLVED)}
    around = {
        code: one.shape
        for code, one in standing.items()
        if code in set(parents.values()) and code not in dissolved and not one.attributes.get(DISSOLVED)
    }
    found = [
        doubt
        for doubt in pieces(own.level, everything, parents, around, least)
        if doubt.kind == UNCOVERED or not set(doubt.piece.codes).isdisjoint(shapes)
    ]
    called = {area.code: _called(area.code, area.name) for area in areas}
    called = {**{code: one.called for code, one in known.items()}, **called}
    faults += (sentence(doubt, own.level, called) for doubt in found)
    return AreaDoubts(faults, [*_sums(found), *_odd_codes(areas)])


def sentence(doubt: AreaDoubt, level: str, called: Mapping[str, str]) -> Fault:
    """Return a doubt in words."""
    piece = doubt.piece
    names = [called.get(code, code) for code in piece.codes]
    at = f"{piece.square_metres:,.0f} m² at {piece.lon:.5f}, {piece.lat:.5f}"
    what = spoken(level)
    match doubt.kind:
        case "overlap":
            size, _, place = at.partition(" at ")
            return Fault(f"{what} {names[0]}", f"overlaps {names[1]} by {size} at {place}")
        case "outside":
            return Fault(f"{what} {names[0]}", f"lies outside {names[1]} by {at}")
        case "uncovered":
            return Fault(names[0], f"{at} of it lie in no {what}")
        case _:
            return Fault("gap", f"{at} lie in no {what}; around it: {', '.join(names)}")


def _sums(found: Iterable[AreaDoubt]) -> Iterator[str]:
    by_kind: dict[str, list[float]] = {}
    for doubt in found:
        by_kind.setdefault(doubt.kind, []).append(doubt.piece.square_metres)
    words = {OVERLAP: "overlap", GAP: "gap", UNCOVERED: "gap", OUTSIDE: "piece"}
    ends = {OUTSIDE: " outside the area around"}
    for kind, sizes in by_kind.items():
        plural = "s" if sizes[1:] else ""
        yield f"{len(sizes):,} {words[kind]}{plural}{ends.get(kind, '')} of {sum(sizes):,.0f} m² in all"


def _odd_codes(areas: Iterable[NewArea]) -> Iterator[str]:
    """Yield a note on codes of no national form, and on those of the old form of unit grids."""
    by_level: dict[str, list[str]] = {}
    for area in areas:
        by_level.setdefault(area.level, []).append(area.code)
    for level, codes in by_level.items():
        what = spoken(level)
        if found := area_codes.foreign(codes):
            plural = "s" if found[1:] else ""
            yield f"{len(found):,} {what} code{plural} not of the national form taken as given, as {found[0]}"
        if found := area_codes.old_grids(codes):
            yield f"{len(found):,} codes of the old form with 14 digits, as {found[0]}; the present one has 15"


def _called(code: str, name: str) -> str:
    return code if name == code else f"{code} {name}"
