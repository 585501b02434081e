"""Parses an address: the areas, roads, numbers, names and relative words in it. gazetteer/finding.py finds its place.

Mainland forms (A路与B路交叉口东北角, XX小区3号楼后面) and those of Taiwan (中華東路三段399巷29弄5號). Nothing is
refused: text that is not understood becomes a name.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from itertools import pairwise

from cityloop.core.gazetteer.addresses.areas import leading_areas
from cityloop.core.gazetteer.addresses.tokens import SECTION, tokens
from cityloop.core.gazetteer.addresses.words import AS_WRITTEN, Script, normalized

MOST_LANES = 3  # one within the other
MOST_NAMES = 6
SHORTEST_NAME = 2


@dataclass(frozen=True, slots=True)
class Road:
    """A street with its section, and the lanes that lead from it: (399巷, 29弄)."""

    street: str
    lanes: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        return self.street + "".join(self.lanes)

    @property
    def with_parents(self) -> tuple["Road", ...]:
        """The road and those it branches off, the last lane first, the street last."""
        return tuple(Road(self.street, self.lanes[:n]) for n in range(len(self.lanes), -1, -1))


@dataclass(frozen=True, slots=True)
class Number:
    """A house number: 10之2号 has the suffix 2."""

    value: int
    suffix: str = ""


@dataclass(frozen=True, slots=True)
class Relative:
    """A position relative to the address: a direction (东北), the other side of the road, metres."""

    direction: str = ""
    is_opposite: bool = False
    metres: int | None = None


@dataclass(frozen=True, slots=True)
class Address:
    """The parts of an address. At most one of `numbers`, `crossing` and `between` goes with the road."""

    spelling: str
    areas: tuple[str, ...] = ()  # as they are named, mostly from the largest
    road: Road | None = None
    numbers: tuple[Number, ...] = ()
    crossing: Road | None = None
    between: tuple[Road, Road] | None = None  # the stretch of the road from one to the other
    at_mouth: bool = False  # where the lane begins
    building: str = ""
    names: tuple[str, ...] = ()  # of estates, shops, whatever is there
    relative: Relative = Relative()

    @property
    def says_nothing(self) -> bool:
        return not (self.areas or self.road or self.names)


@dataclass(frozen=True, slots=True)
class _Leg:
    """A road in the order of the text, with what follows it."""

    road: Road
    numbers: tuple[Number, ...] = ()
    joined: str = ""  # how it is connected to the leg before: join, to, or nothing
    has_mouth: bool = False
    is_aside: bool = False  # written in brackets


def parse(words: str, simplified: Script = AS_WRITTEN, known: Collection[str] = ()) -> Address:
    """Return the parts of an address; `known` are the normalized names of the city's areas."""
    spelling = normalized(words, simplified)
    areas, rest = leading_areas(spelling, known)
    reading = _Reading(areas)
    for token in tokens(rest):
        getattr(reading, token.kind)(token.text)
    reading.end_text()
    roads = _related(reading.legs)
    return Address(
        spelling,
        areas,
        roads.road,
        roads.numbers,
        roads.crossing,
        roads.between,
        roads.at_mouth,
        reading.building_name,
        tuple(reading.names),
        reading.relative,
    )


@dataclass(slots=True)
class _Reading:
    """Takes the tokens of an address from left to right; a method for every kind of token."""

    areas: tuple[str, ...]
    legs: list[_Leg] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    building_name: str = ""
    relative: Relative = Relative()
    unread: str = ""  # characters that may become a name
    joined: str = ""
    depth: int = 0  # of brackets

    def road(self, text: str) -> None:
        self.end_text()
        self._begin(Road(text))

    named_lane = road

    def _begin(self, road: Road) -> None:
        self.legs.append(_Leg(road, joined=self.joined, is_aside=self.depth > 0))
        self.joined = ""

    def section(self, text: str) -> None:
        if not self.legs or self.unread or self.legs[-1].road.lanes:
            self.unread += text
        elif not re.search(f"{SECTION}$", self.legs[-1].road.street):  # of 北门路二段三段 the first counts
            self.legs[-1] = replace(self.legs[-1], road=Road(self.legs[-1].road.street + text))

    def lane(self, text: str) -> None:
        if not self.legs and not self._begin_zone():
            self.unread += text
            return
        last = self.legs[-1]
        if self.joined or last.numbers or last.has_mouth:
            # 206巷与206巷30弄: the second is of the same street.
            kept = () if "巷" in text else last.road.lanes[:1]
            self._begin(Road(last.road.street, (*kept, text)))
        elif text not in last.road.lanes and len(last.road.lanes) < MOST_LANES:
            self.unread = ""
            self.legs[-1] = replace(last, road=Road(last.road.street, (*last.road.lanes, text)))

    def numbers(self, text: str) -> None:
        if (not self.legs or (self.joined and self.unread)) and not self._begin_zone() and not self.legs:
            self.unread += text
            return
        self.end_text()
        last = self.legs[-1]
        if last.has_mouth and len(self.legs) > 1:
            return  # at the crossing; which of the two roads it belongs to is unknown
        if last.has_mouth and last.road.lanes:
            self._begin(Road(last.road.street))  # 169巷口236号: a number of the street
            last = self.legs[-1]
        if self.depth and not last.is_aside:
            self.legs.append(replace(last, numbers=_numbers(text), is_aside=True))
        else:
            self.legs[-1] = replace(last, numbers=last.numbers + _numbers(text))

    def figures(self, text: str) -> None:
        if self.legs and not self.unread and not self.legs[-1].numbers and not self.depth:
            self.numbers(f"{text}号")
        else:
            self.unread += text

    def _begin_zone(self) -> bool:
        """Take the words before a number, or the last area, for the road: 三块厝13号, 宅港里13号."""
        area = self.areas[-1] if self.areas and self.areas[-1][-1] not in "市区县省" else ""
        name = _bare(self.unread) or area
        if name:
            self.unread = ""
            self._begin(Road(name))
        return bool(name)

    def mouth(self, text: str) -> None:
        if not self.unread and self.legs:
            self.legs[-1] = replace(self.legs[-1], has_mouth=True)
        self.end_text()

    def building(self, text: str) -> None:
        if text.endswith("号楼") and self.legs and not (self.unread or self.names or self.legs[-1].numbers):
            self.numbers(text.removesuffix("楼"))  # 人民路3号楼: no estate is named that it could belong to
            return
        self.building_name = self.building_name or re.sub("号楼|栋|幢|座|号馆", "", text)
        self.end_text()

    def unit(self, text: str) -> None:
        self.end_text()

    def metres(self, text: str) -> None:
        self.relative = replace(self.relative, metres=int(re.sub(r"\D", "", text)))
        self.end_text()

    def corner(self, text: str) -> None:
        if self.relative.direction or not (self.legs or self.unread):
            self.unread += text
            return
        self.relative = replace(self.relative, direction=re.sub("角|侧|边|面|方向|向|方", "", text))
        self.end_text()

    def opposite(self, text: str) -> None:
        self.relative = replace(self.relative, is_opposite=True)
        self.end_text()

    def beside(self, text: str) -> None:
        self.end_text()

    punctuation = beside

    def join(self, text: str) -> None:
        self.end_text()
        self.joined = "join"

    def to(self, text: str) -> None:
        self.end_text()
        self.joined = "to"

    def open(self, text: str) -> None:
        self.end_text()
        self.depth += 1

    def close(self, text: str) -> None:
        self.end_text()
        self.depth = max(0, self.depth - 1)

    def text(self, text: str) -> None:
        self.unread += text

    def end_text(self) -> None:
        """Take the text that was not understood as a name."""
        name, self.unread = _bare(self.unread), ""
        if len(name) >= SHORTEST_NAME and name not in self.names and len(self.names) < MOST_NAMES:
            self.names.append(name)


@dataclass(frozen=True, slots=True)
class _RelatedRoads:
    """How the roads of an address are related."""

    road: Road | None = None
    numbers: tuple[Number, ...] = ()
    crossing: Road | None = None
    between: tuple[Road, Road] | None = None
    at_mouth: bool = False


def _related(legs: list[_Leg]) -> _RelatedRoads:
    main = [leg for leg in legs if not leg.is_aside] or legs
    if not main:
        return _RelatedRoads()
    first, others = main[0], [leg for leg in legs if leg.road != main[0].road]
    stretch = None if first.numbers else _stretch(others)
    if stretch:
        return _RelatedRoads(first.road, between=stretch)
    if not first.numbers and others:
        other = others[0]
        return (
            _RelatedRoads(other.road, other.numbers)
            if other.numbers
            else _RelatedRoads(first.road, crossing=other.road)
        )
    numbered = next((leg.numbers for leg in legs if leg.road == first.road and leg.numbers), ())
    at_mouth = first.has_mouth and bool(first.road.lanes) and not numbered
    return _RelatedRoads(first.road, numbered, at_mouth=at_mouth)


def _stretch(others: list[_Leg]) -> tuple[Road, Road] | None:
    for before, after in pairwise(others):
        if after.joined == "to" and not (before.numbers or after.numbers):
            return before.road, after.road
    return None


def _numbers(text: str) -> tuple[Number, ...]:
    """Return the numbers of 209,166号, of 10之2号, of 276-280号 (276 with a suffix), of 6XX号 (its middle)."""
    if vague := re.match(r"(\d+)([XO〇]+)号", text):
        size = 10 ** len(vague[2])
        return (Number(int(vague[1]) * size + size // 2),)
    after = re.search(r"号之(\d+)", text)
    found = []
    for part in re.split("[,/与和及跟]+", re.sub("多?号.*$", "", text)):
        first, *rest = (piece for piece in re.split("[-之]+", part) if piece)
        suffix = rest[0] if rest else after[1] if after else ""
        found.append(Number(int(first), suffix.lstrip("0")))
    return tuple(found)


# The small words around a name.
_HEAD = re.compile(r"^(?:[的之在于往近上内外旁前]|位于|靠近)+")
_TAIL = re.compile(r"(?:[前后内上下外中旁里底尾边的处段间]|上面|下面|现场|路边|人行道|骑楼下?|道路)+$")


def _bare(text: str) -> str:
    return _TAIL.sub("", _HEAD.sub("", text))
