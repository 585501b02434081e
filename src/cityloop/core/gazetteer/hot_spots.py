"""Points that many cases share, and which of them are false: a place that stands for addresses nobody found.

A system that cannot find an address often stores the middle of the city instead. On a map that looks like the worst
spot of all. The streets named there tell them apart: at a true hot spot most cases name the same street.
"""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TypeVar

from cityloop.core.gazetteer.addresses.reading import parse
from cityloop.core.gazetteer.street_names import without_section

LEAST = 10  # cases; a point with fewer is not a hot spot, true or false

Point = tuple[Decimal, Decimal]  # longitude and latitude
Word = TypeVar("Word", str, str | None)


@dataclass(frozen=True, slots=True)
class Pile:
    """Cases at exactly the same point: how many, in which districts, and which streets their addresses name."""

    point: Point
    cases: int
    districts: tuple[tuple[str | None, int], ...]  # with the number of cases, most first
    streets: tuple[tuple[str, int], ...]  # the same; where no address is known the district is used

    @property
    def is_false(self) -> bool:
        """Return whether no street is named by more than half of the cases that name any, nor two by three quarters.

        Two are allowed: at a crossing, some name one street and some the other.
        """
        named = sum(number for _, number in self.streets)
        first, *second = (number for _, number in self.streets[:2]) if named else (0,)
        return named >= LEAST and 2 * first <= named and 4 * (first + sum(second)) <= 3 * named


@dataclass(slots=True)
class PointGroups:
    """Cases gathered by their points.

    With more than `most` cases, the points that only one has had so far are forgotten: a pile then lacks one or two.
    """

    most: int | None = None
    _found: dict[Point, list[tuple[str | None, str | None]]] = field(default_factory=dict)
    _cases: int = 0

    def add(self, point: Point, district: str | None, address: str | None) -> None:
        """Add a case; without an address its district is used."""
        self._found.setdefault(point, []).append((district, address))
        self._cases += 1
        if self.most and self._cases > self.most:
            self._found = {point: places for point, places in self._found.items() if len(places) > 1}
            self._cases = sum(map(len, self._found.values()))
            self.most = max(self.most, 2 * self._cases)

    @property
    def piles(self) -> tuple[Pile, ...]:
        """The points that many cases share, those with most cases first."""
        known = frozenset(district for places in self._found.values() for district, _ in places if district)
        found = (_pile(point, places, known) for point, places in self._found.items() if len(places) >= LEAST)
        return tuple(sorted(found, key=lambda pile: (-pile.cases, pile.point)))


def street_of(address: str, districts: Collection[str]) -> str:
    """Return the street that an address names, without section and house number; else its letters."""
    read = parse(address, known=districts)
    return without_section(read.road.street) if read.road else re.sub(r"[\d\W_]+", "", read.spelling)


def _pile(point: Point, places: Sequence[tuple[str | None, str | None]], known: Collection[str]) -> Pile:
    streets = (street_of(address, known) if address else district for district, address in places)
    districts = _most(district for district, _ in places)
    return Pile(point, len(places), districts, _most(street for street in streets if street))


def _most(words: Iterable[Word]) -> tuple[tuple[Word, int], ...]:
    return tuple(sorted(Counter(words).items(), key=lambda pair: (-pair[1], pair[0] or "")))
