"""The lines of a procedure's picture: which lane next to the cards each takes. Cards are placed in diagram.py.

All lines that lead to one stage on one side share a lane and an arrow; lanes of different stages never touch. The left
column's rows and the right one's are at different heights, so between them no two lines leave at one height either.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

GAP = 20  # from a card to the nearest lane
LANE = 13  # from lane to lane
APART = 12  # between two stretches of one lane
CORNER = 7

Point = tuple[int, int]


class Side(StrEnum):
    """Where a line leaves its card."""

    LEFT = "left"
    RIGHT = "right"
    BELOW = "below"


class Region(StrEnum):
    """Where lanes are, seen from the two columns of cards."""

    LEFT = "left"
    BETWEEN = "between"
    RIGHT = "right"


class Placed(Protocol):
    """A card at its place, and the height at which arrows meet it."""

    @property
    def x(self) -> int: ...
    @property
    def y(self) -> int: ...
    @property
    def w(self) -> int: ...
    @property
    def h(self) -> int: ...
    @property
    def entry(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Port:
    """Where the line of some actions leaves a card."""

    from_stage: str
    to_stage: str
    side: Side
    y: int
    actions: tuple[str, ...]
    automatic: bool  # all of them


@dataclass(frozen=True, slots=True)
class StageEdge:
    """The line from a stage to another, with its actions."""

    from_stage: str
    to_stage: str
    actions: tuple[str, ...]
    automatic: bool
    main: bool
    points: tuple[Point, ...]

    @property
    def path(self) -> str:
        """The line as a drawing's path, its corners rounded."""
        (x, y), *_, last = self.points
        steps = [f"M{x} {y}"]
        for before, corner, behind in zip(self.points, self.points[1:], self.points[2:], strict=False):
            (ax, ay), (bx, by) = _short_of(corner, before), _short_of(corner, behind)
            steps.append(f"L{ax} {ay}Q{corner[0]} {corner[1]} {bx} {by}")
        return "".join([*steps, f"L{last[0]} {last[1]}"])


@dataclass(frozen=True, slots=True)
class Lanes:
    """The lane of each stage in each region, counted from the cards that the region begins at."""

    of: Mapping[tuple[Region, str], int]

    def width(self, region: Region) -> int:
        """Return how wide the region must be."""
        most = max((lane for (where, _), lane in self.of.items() if where is region), default=-1)
        return 2 * GAP + LANE * most if most >= 0 else GAP if region is Region.BETWEEN else 0


def lanes_for(ports: Iterable[Port], entries: Mapping[str, int], main: Iterable[str]) -> Lanes:
    """Return the lanes for all lines; `entries` are the heights at which arrows meet the stages' cards."""
    main_stages = set(main)
    spans: dict[tuple[Region, str], tuple[int, int]] = {}
    for port in ports:
        if port.side is not Side.BELOW:
            key, entry = (_region(port, main_stages), port.to_stage), entries[port.to_stage]
            low, high = spans.get(key, (entry, entry))
            spans[key] = min(low, port.y), max(high, port.y)
    found: dict[tuple[Region, str], int] = {}
    for key, span in sorted(spans.items(), key=lambda item: (item[1][1] - item[1][0], item)):
        taken = {found[other] for other in found if other[0] is key[0] and _meet(span, spans[other])}
        found[key] = next(lane for lane in range(len(spans)) if lane not in taken)
    return Lanes(found)


def edge(port: Port, lanes: Lanes, cards: Mapping[str, Placed], main: Iterable[str]) -> StageEdge:
    """Return the line that leaves at a port."""
    return StageEdge(
        port.from_stage,
        port.to_stage,
        port.actions,
        port.automatic,
        port.side is Side.BELOW,
        _points(port, lanes, cards, set(main)),
    )


def _points(port: Port, lanes: Lanes, cards: Mapping[str, Placed], main: set[str]) -> tuple[Point, ...]:
    source, target = cards[port.from_stage], cards[port.to_stage]
    if port.side is Side.BELOW:
        middle = source.x + source.w // 2
        return (middle, source.y + source.h), (middle, target.y)
    region = _region(port, main)
    away = GAP + LANE * lanes.of[region, port.to_stage]
    leaves = source.x if port.side is Side.LEFT else source.x + source.w
    if region is Region.LEFT:
        lane, arrives = source.x - away, target.x
    elif region is Region.RIGHT:
        lane, arrives = max(card.x + card.w for card in cards.values()) + away, target.x + target.w
    else:
        lane = min(cards[name].x + cards[name].w for name in main) + away
        arrives = target.x + target.w if port.to_stage in main else target.x
    return (leaves, port.y), (lane, port.y), (lane, target.entry), (arrives, target.entry)


def _region(port: Port, main: set[str]) -> Region:
    inside = (port.from_stage in main) + (port.to_stage in main)
    return (Region.RIGHT, Region.BETWEEN, Region.LEFT)[inside]


def _meet(span: tuple[int, int], other: tuple[int, int]) -> bool:
    return span[0] < other[1] + APART and other[0] < span[1] + APART


def _short_of(corner: Point, other: Point) -> Point:
    """Return the point where the line to another point leaves the rounding of a corner."""
    (x, y), (towards_x, towards_y) = corner, other
    far = max(abs(towards_x - x), abs(towards_y - y))
    cut = min(CORNER, far // 2)
    return x + cut * _sign(towards_x - x), y + cut * _sign(towards_y - y)


def _sign(number: int) -> int:
    return (number > 0) - (number < 0)
