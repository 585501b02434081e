"""What the gazetteer contains and answers with: entries, grades, places with their radius. Searching is in finding.py.

Entries are compared by keys, normalized by addresses/words.py. A plate has the key of its road, a lane the key of
the road it branches off; the number of either is its place along that road.
"""

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from statistics import median
from typing import Protocol

from cityloop.core.place import distances
from cityloop.core.place.distances import PER_DEGREE

Pair = tuple[float, float]  # longitude and latitude, WGS-84


class PlaceKind(StrEnum):
    """Kinds of entry; GB/T 47678.4: 街巷, 区片, 地片, 门(楼)牌, 兴趣点."""

    STREET = "street"
    LANE = "lane"
    PLATE = "plate"  # number 0: the road as people mean it who give no number
    BLOCK = "block"
    ZONE = "zone"
    POI = "poi"
    CROSSING = "crossing"


class Grade(StrEnum):
    """How specific an answer is, the most specific first."""

    PLATE = "plate"
    POI = "poi"
    CROSSING = "crossing"
    STREET = "street"
    BLOCK = "block"
    ZONE = "zone"
    COMMUNITY = "community"


@dataclass(frozen=True, slots=True)
class PlaceEntry:
    """A row of the gazetteer. `spread_metres` is how far its observations lie from it, `seen` how many there were."""

    kind: PlaceKind
    key: str
    name: str
    lon: float
    lat: float
    number: int = 0
    suffix: str = ""
    district: str = ""
    community: str = ""
    spread_metres: float = 0.0
    seen: int = 1
    shape: bytes | None = None  # WKB of a street's line or a block's polygon
    source: str = ""
    aliases: tuple[str, ...] = ()

    @property
    def point(self) -> Pair:
        return self.lon, self.lat

    @property
    def identity(self) -> tuple[str, str, str, int, str]:
        """The identity of an entry: no two have the same."""
        return self.kind, self.key, self.district, self.number, self.suffix


@dataclass(frozen=True, slots=True)
class AreaPlace:
    """An area as addresses name it: its code, middle and half its extent."""

    code: str
    name: str
    is_district: bool
    lon: float
    lat: float
    radius_metres: float
    district: str  # the code of the district it lies in; its own, if it is one


class PlaceLookup(Protocol):
    """Looks up entries and areas."""

    def entries(self, keys: Collection[str]) -> Sequence[PlaceEntry]:
        """Return every entry under the keys or aliases, plates and lanes of these roads among them."""

    def areas(self, name: str) -> Sequence[AreaPlace]:
        """Return the areas of a normalized name."""

    def areas_of(self, codes: Collection[str]) -> Sequence[AreaPlace]:
        """Return the areas under the codes."""

    @property
    def area_names(self) -> Collection[str]:
        """The normalized names of all areas."""


@dataclass(frozen=True, slots=True)
class PlaceReason:
    """A reason, as a word that screens translate and the values that go into the sentence."""

    word: str
    values: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FoundPlace:
    """An answer: a point and how far off it may be: as far as that in one of four answers at most."""

    lon: float
    lat: float
    grade: Grade
    radius_metres: float
    name: str
    district: str = ""
    why: tuple[PlaceReason, ...] = ()

    @property
    def point(self) -> Pair:
        return self.lon, self.lat


@dataclass(frozen=True, slots=True)
class Found:
    """The result of a search: a place, or none with the reason, and alternatives.

    If several places fit equally well, `place` is None and all of them are in `alternatives`.
    """

    place: FoundPlace | None
    alternatives: tuple[FoundPlace, ...] = ()
    reason: PlaceReason | None = None  # why there is no place


def metres(point: Pair, other: Pair) -> float:
    """Return the distance of two points."""
    return distances.metres(*point, *other)


def middle(points: Iterable[Pair]) -> Pair:
    """Return the point in the middle of several, which one stray point does not move."""
    listed = list(points)
    return median(lon for lon, _ in listed), median(lat for _, lat in listed)


def offset(start: Pair, end: Pair) -> Pair:
    """Return how many metres to the east and north one point lies from another."""
    narrowing = math.cos(math.radians(start[1]))
    return (end[0] - start[0]) * narrowing * PER_DEGREE, (end[1] - start[1]) * PER_DEGREE


def moved(point: Pair, east: float, north: float) -> Pair:
    """Return a point so many metres away."""
    narrowing = math.cos(math.radians(point[1]))
    return point[0] + east / PER_DEGREE / narrowing, point[1] + north / PER_DEGREE
