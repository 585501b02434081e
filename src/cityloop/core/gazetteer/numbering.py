"""Where a number lies along a road, from the numbers that are known there. finding.py decides which road is meant.

Odd and even numbers mostly face each other, so a number is sought among those of its side first.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median

from cityloop.core.gazetteer.places import Pair, metres, middle, moved, offset

STEP = 7.0  # metres along the road from a number to the next one of its side, if nothing better is known
FARTHEST = 120  # in numbers: a neighbour farther away says nothing
WIDTH = 15.0  # metres across an ordinary road
NEIGHBOURS = 8
NEAREST = 6  # numbers that show how a road runs
LEAST_SPAN = 4  # of them
FURTHEST_ON = 40  # numbers that a place is moved on from the nearest that is known
FASTEST = 12.0  # metres with every number


@dataclass(frozen=True, slots=True)
class Known:
    """A number whose place is known; a plate, or (with less weight) the lane that begins there."""

    number: int
    suffix: str
    point: Pair
    spread_metres: float = 0.0
    is_lane: bool = False


@dataclass(frozen=True, slots=True)
class Estimate:
    """Where a number lies, how far off that may be, and how it was found."""

    point: Pair
    radius_metres: float
    how: str  # exact, same_number, between, beside
    neighbours: tuple[int, ...] = ()


def estimate(known: Sequence[Known], number: int, suffix: str = "") -> Estimate | None:
    """Return where a number lies; None if nothing near is known."""
    return _exact(known, number, suffix) or _estimated(_without_strays(known, number), number)


def _exact(known: Sequence[Known], number: int, suffix: str) -> Estimate | None:
    same = [entry for entry in known if entry.number == number and not entry.is_lane]
    exact = [entry for entry in same if entry.suffix == suffix]
    if not same:
        return None
    chosen = exact or same
    point = middle(entry.point for entry in chosen)
    spread = max((entry.spread_metres for entry in chosen), default=0.0)
    if exact:
        return Estimate(point, max(20.0, spread), "exact")
    apart = max(metres(point, entry.point) for entry in chosen)
    return Estimate(point, max(40.0, spread, apart), "same_number", (number,))


def _without_strays(known: Sequence[Known], number: int) -> list[Known]:
    """Return the neighbours of a number, without those that lie far from the others."""
    near = sorted(
        (entry for entry in known if abs(entry.number - number) <= FARTHEST),
        key=lambda entry: abs(entry.number - number),
    )
    near = near[:NEIGHBOURS]
    if len(near) < 3:
        return near
    centre = middle(entry.point for entry in near)
    usual = median(metres(centre, entry.point) for entry in near)
    usual_number = median(entry.number for entry in near)
    reach = (max(3.0 * usual, 150.0 + FASTEST * abs(entry.number - usual_number)) for entry in near)
    return [entry for entry, far in zip(near, reach, strict=True) if metres(centre, entry.point) <= far]


def _estimated(known: Sequence[Known], number: int) -> Estimate | None:
    tried = [
        found
        for side in ([entry for entry in known if entry.number % 2 == number % 2], known)
        if (found := _between(side, number))
    ]
    return min(tried, key=lambda found: found.radius_metres) if tried else _beside(known, number)


def _between(known: Iterable[Known], number: int) -> Estimate | None:
    listed = list(known)
    below = max((entry for entry in listed if entry.number < number), key=lambda entry: entry.number, default=None)
    above = min((entry for entry in listed if entry.number > number), key=lambda entry: entry.number, default=None)
    if below is None or above is None:
        return None
    share = (number - below.number) / (above.number - below.number)
    point = tuple(a + share * (b - a) for a, b in zip(below.point, above.point, strict=True))
    apart = metres(below.point, above.point)
    across = WIDTH * ((below.number - number) % 2 or (above.number - number) % 2)
    softness = 15.0 * (below.is_lane + above.is_lane)
    radius = max(30.0, apart * (0.4 + 1.2 * min(share, 1 - share))) + across + softness
    return Estimate((point[0], point[1]), radius, "between", (below.number, above.number))


def _beside(known: Sequence[Known], number: int) -> Estimate | None:
    """Return the nearest number's place, moved on along the road as its numbers run there."""
    if not known:
        return None
    nearest = min(known, key=lambda entry: (abs(entry.number - number), entry.is_lane))
    away = number - nearest.number
    east, north = _pace(known, number)
    on = max(-FURTHEST_ON, min(FURTHEST_ON, away))
    point = moved(nearest.point, east * on, north * on)
    return Estimate(point, 40.0 + STEP * abs(away), "beside", (nearest.number,))


def _pace(known: Sequence[Known], number: int) -> Pair:
    """Return how many metres to the east and north the road goes with every number, from the numbers near."""
    near = sorted(known, key=lambda entry: abs(entry.number - number))[:NEAREST]
    if len(near) < 2 or max(entry.number for entry in near) - min(entry.number for entry in near) < LEAST_SPAN:
        return 0.0, 0.0
    weights = [1.0 / (4 + abs(entry.number - number)) for entry in near]
    total = sum(weights)
    mean = sum(w * entry.number for w, entry in zip(weights, near, strict=True)) / total
    centre = tuple(
        sum(w * entry.point[axis] for w, entry in zip(weights, near, strict=True)) / total for axis in (0, 1)
    )
    # The further term keeps numbers that lie close together from pointing anywhere.
    square = sum(w * (entry.number - mean) ** 2 for w, entry in zip(weights, near, strict=True)) + 25 * total
    slopes = [
        sum(
            w * (entry.number - mean) * (entry.point[axis] - centre[axis])
            for w, entry in zip(weights, near, strict=True)
        )
        for axis in (0, 1)
    ]
    east, north = offset(near[0].point, (near[0].point[0] + slopes[0] / square, near[0].point[1] + slopes[1] / square))
    fast = math.hypot(east, north) / FASTEST
    return (east / fast, north / fast) if fast > 1 else (east, north)
