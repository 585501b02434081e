"""Reading an address: the areas, roads, numbers, names and relative words in it. Where that lies is in gazetteer.

Mainland forms (A路与B路交叉口东北角, XX小区3号楼后面) and those of Taiwan (中華東路三段399巷29弄5號). Nothing is refused:
what is not understood is left in `names`.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass, replace

from cityloop.core.address_words import AS_WRITTEN, HAN, Script, spelled


@dataclass(frozen=True, slots=True)
class Road:
    """A street with its section, and the lanes one goes down from it: (399巷, 29弄)."""

    street: str
    lanes: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        return self.street + "".join(self.lanes)

    @property
    def ways(self) -> tuple["Road", ...]:
        """The road and the ones it branches off, the last lane first, the street last."""
        return tuple(Road(self.street, self.lanes[:n]) for n in range(len(self.lanes), -1, -1))


@dataclass(frozen=True, slots=True)
class Number:
    """A house number: 10之2号 has the suffix 2."""

    value: int
    suffix: str = ""


@dataclass(frozen=True, slots=True)
class Relative:
    """Where from there: a direction (东北), the other side of the road, how many metres."""

    direction: str = ""
    is_opposite: bool = False
    metres: int | None = None


@dataclass(frozen=True, slots=True)
class Address:
    """What an address says. At most one of `numbers`, `crossing` and `between` goes with the road."""

    spelling: str
    areas: tuple[str, ...] = ()  # from the largest
    road: Road | None = None
    numbers: tuple[Number, ...] = ()
    crossing: Road | None = None
    between: tuple[Road, Road] | None = None  # the stretch of the road from one to the other
    at_mouth: bool = False  # where the lane begins
    building: str = ""
    names: tuple[str, ...] = ()  # of estates, shops, whatever stands there
    relative: Relative = Relative()

    @property
    def says_nothing(self) -> bool:
        return not (self.areas or self.road or self.names)


_POSTAL = re.compile(r"^\d{3,6}(?=中国|中华民国|台湾|[^\d路街]{2,6}[省市县区])")
_COUNTRY = re.compile(r"中华民国|中国(?=[^路街])|台湾省?(?=[^路街])")
_PROVINCE = re.compile(rf"[{HAN}]{{2,7}}?(?:省|自治区|特别行政区)(?![路街])")
_CITY = re.compile(rf"[{HAN}]{{2,4}}?市(?![立场区集]|民政|民中|民广|政府|政路|府(?!前))")
_DISTRICT = re.compile(rf"[{HAN}]{{1,5}}?(?<!小)(?<!社)(?<!园)(?<!业)(?<!发)(?<!景)(?<!校)[区县旗](?![路街公间立])")
_TOWN = re.compile(rf"[{HAN}]{{2,7}}?(?:街道(?:办事处)?|[镇乡])(?![路街口])(?=[{HAN}]*[路街村区里号]|$)")
_COMMUNITY = re.compile(
    rf"[{HAN}]{{2,8}}?社区(?!医|卫|中|服|活)|[{HAN}]{{1,4}}?里(?=[{HAN}]{{0,8}}[\d路街])(?![路街巷弄程])|[{HAN}]{{1,5}}?村委会"
)
_NEIGHBOURHOOD = re.compile(r"\d{1,3}邻")
_AREA_KINDS = (_PROVINCE, _CITY, _DISTRICT, _TOWN, _COMMUNITY)

_MOUTH = r"(?:的|之)?(?:十字|丁字|三岔)?(?:交叉|交会|交汇|交界|相交|转弯)(?:路?口|处)?|(?:十字|丁字|三岔)?路口|(?:巷|街|弄)口|转角(?:处)?|口(?![径号岸])"
_TOKENS = re.compile(
    "|".join(
        f"(?P<{name}>{pattern})"
        for name, pattern in (
            ("open", r"\("),
            ("close", r"\)"),
            ("mouth", _MOUTH),
            (
                "building",
                r"(?:[A-Z]\d{0,2}|\d{1,4}|[甲乙丙丁])(?:号楼|栋|幢|座|号院\d+号楼)|\d{1,3}号馆",
            ),
            ("unit", r"(?:[A-Z]|\d{1,2}|[甲乙丙丁])单元|(?:地下)?B?\d{1,3}(?:楼|层|F)(?:之\d+)?|\d{3,4}室"),
            ("lane", r"(?:\d{1,4}(?:[-之]\d{1,3})?)(?:巷弄?|弄|胡同)(?:之\d+)?"),
            (
                "numbers",
                r"\d{1,5}(?:[-之,/与和及跟]+\d{1,5}){0,12}多?号(?!线|出口|桥|门|车|机|馆|公园)(?:之\d{1,3})?|\d{1,3}[X〇O]{1,2}号|\d{1,4}多号",
            ),
            ("metres", r"(?:约)?\d{1,4}(?:米|公尺|M(?![A-Z]))"),
            ("corner", r"(?:东北|西北|东南|西南|[东西南北])(?:角|侧|边|面|向|方|方向)"),
            ("opposite", r"斜?对[面侧过]"),
            ("beside", r"旁边?|隔壁|附近|周[边围]|一带|沿[线路途]|[两双单]侧|[前后]面|[前后]方|门[口前]|左右|[里内外]面|[里内外]侧"),
            ("to", r"[到至往]|-(?=[^\d])"),
            ("join", r"[与及跟接]|/"),
            ("and", r"和"),
            (
                "road",
                rf"(?:(?![路侧段的了线])[{HAN}A-Z]{{1,6}}?(?:大道|路(?:[一二三四五六七八九十]街)?|街|胡同|(?<=[一二三四五六七八九十])道)(?:辅路|支路|辅道)?|"
                r"(?:台|省道|国道|县道|乡道|[GSX])\d{1,3}甲?线?|\d{3}(?:国道|省道|县道))"
                r"(?:[一二三四五六七八九十]+段)?",
            ),
            ("section", r"[一二三四五六七八九十]+段"),
            ("named_lane", rf"[{HAN}]{{1,5}}?巷(?=\d)"),
            ("figures", r"\d{1,5}(?:-\d{1,5})?"),
            ("sign", r"[,\-]"),
            ("sign_of_text", r"."),
        )
    ),
    re.DOTALL,
)
_NO_ROAD = re.compile(r"^(?:道|马|公|铁|小|条|这条|整条|红线|黄线|网|线|前方|人行道|沿)[路街]$|的|了|^[旁侧]|[号巷弄]")
_JOINED_NAME = re.compile(rf"和[{HAN}][一二三四五六七八九十]?(?:大道|路|街)")
_TAIL = re.compile(r"(?:[前后内上下外中旁里底尾边的处段间]|上面|下面|现场|路边|人行道|骑楼下?|道路)+$")
_HEAD = re.compile(r"^(?:的|之|在|于|往|近|位于|靠近|[上内外旁前])+")


def parse(words: str, simplified: Script = AS_WRITTEN, known: Collection[str] = ()) -> Address:
    """Return what the words say; `known` are the spellings of the city's own areas, which are found wherever named."""
    spelling = spelled(words, simplified)
    areas, rest = _areas(spelling, known)
    return _Reading(spelling, areas).read(rest)


def _areas(spelling: str, known: Collection[str]) -> tuple[tuple[str, ...], str]:
    """Return the areas an address begins with, and the rest of it."""
    areas: dict[str, None] = {}
    rest = spelling
    longest = max(map(len, known), default=0)
    while rest:
        begun = rest
        for skipped in (_POSTAL, _COUNTRY, _NEIGHBOURHOOD):
            if found := skipped.match(rest):
                rest = rest[found.end() :]
        name = _known_area(rest, known, longest) or _likely_area(rest)
        if name:
            areas.setdefault(name)
            rest = rest[len(name) :].lstrip(",-/")
        if rest == begun:
            break
    return tuple(areas), rest


def _known_area(rest: str, known: Collection[str], longest: int) -> str:
    for length in range(min(longest, len(rest)), 1, -1):
        # 新市区 is a district, 东区 of 东区路 is not; 三村 of 三村一街 is no village.
        if rest[:length] in known and not re.match("[路街巷弄]|[一二三四五六七八九十]+[路街]", rest[length:]):
            return rest[:length]
    return ""


def _likely_area(rest: str) -> str:
    for kind in _AREA_KINDS:
        if (found := kind.match(rest)) and not re.search("[路街巷号]", found[0].removesuffix("街道")):
            return found[0]
    return ""


@dataclass(frozen=True, slots=True)
class _Leg:
    """A road as it is come upon, with what follows it."""

    road: Road
    numbers: tuple[Number, ...] = ()
    joined: str = ""  # how it hangs on the leg before: join, to, or nothing
    has_mouth: bool = False
    is_aside: bool = False  # said in brackets


class _Reading:
    """Goes through the tokens of an address once, from left to right."""

    def __init__(self, spelling: str, areas: tuple[str, ...]) -> None:
        self.spelling, self.areas = spelling, areas
        self.legs: list[_Leg] = []
        self.names: list[str] = []
        self.text = ""
        self.joined = ""
        self.depth = 0
        self.building = ""
        self.relative = Relative()

    def read(self, rest: str) -> Address:
        place = 0
        while place < len(rest):
            found = _TOKENS.match(rest, place)
            assert found is not None and found.lastgroup is not None  # the last pattern takes any sign
            kind, said = self._meant(found.lastgroup, found[0], rest, place)
            getattr(self, f"_{kind}")(said)
            place += len(said)
        self._end_text()
        return self._address()

    def _meant(self, kind: str, said: str, rest: str, place: int) -> tuple[str, str]:
        """Return what a token means where it stands: 和 joins two roads, but 和平街 is the name of one."""
        if kind == "and":
            is_name = _JOINED_NAME.match(rest, place) or not self.legs or self.text
            road = _TOKENS.match(rest, place + 1)
            if not is_name and road and road.lastgroup in ("road", "lane"):
                return "join", said
            named = _TOKENS.match(rest, place) if not is_name else re.compile(
                rf"[{HAN}]{{1,6}}?(?:大道|路|街)(?:[一二三四五六七八九十]+段)?"
            ).match(rest, place)
            return ("road", named[0]) if is_name and named else ("sign_of_text", said)
        if kind in ("join", "to", "mouth") and not self.legs and said[0] not in "/-,":
            # Names begin with these signs, too: 及第路, 口岸街.
            road = re.compile(rf"[{HAN}]{{2,6}}?(?:大道|路|街)(?:[一二三四五六七八九十]+段)?").match(rest, place)
            return ("road", road[0]) if road else ("sign_of_text", said[0])
        if kind in ("road", "named_lane") and _NO_ROAD.search(said):
            return "sign_of_text", said if len(said) <= 3 else said[0]
        return kind, said

    def _road(self, said: str) -> None:
        self._end_text()
        self._begin(Road(said))

    def _named_lane(self, said: str) -> None:
        self._road(said)

    def _begin(self, road: Road) -> None:
        self.legs.append(_Leg(road, joined=self.joined, is_aside=self.depth > 0))
        self.joined = ""

    def _section(self, said: str) -> None:
        if self.legs and not self.text and not self.legs[-1].road.lanes:
            street = re.sub("[一二三四五六七八九十]+段$", "", self.legs[-1].road.street)
            if street == self.legs[-1].road.street:
                self.legs[-1] = replace(self.legs[-1], road=Road(street + said))
            return  # 北门路二段三段: the first counts
        self.text += said

    def _lane(self, said: str) -> None:
        if not self.legs:
            self._zone()
        if not self.legs:
            self.text += said
            return
        last = self.legs[-1]
        if self.joined or last.numbers or last.has_mouth:
            # 206巷与206巷30弄: the second is of the same street.
            kept = () if "巷" in said else last.road.lanes[:1]
            self._begin(Road(last.road.street, (*kept, said)))
        elif said not in last.road.lanes and len(last.road.lanes) < 3:
            self.text = ""
            self.legs[-1] = replace(last, road=Road(last.road.street, (*last.road.lanes, said)))

    def _numbers(self, said: str) -> None:
        if not self.legs or self.joined and self.text:
            self._zone()
        if not self.legs:
            self.text += said
            return
        self._end_text()
        last = self.legs[-1]
        if last.has_mouth and len(self.legs) > 1:
            return  # at the crossing; of which of the two roads it is, nobody can say
        if last.has_mouth and last.road.lanes:
            self._begin(Road(last.road.street))  # 169巷口236号: a number of the street
            last = self.legs[-1]
        if not last.is_aside and self.depth:
            self.legs.append(replace(last, numbers=_numbers(said), is_aside=True))
        else:
            self.legs[-1] = replace(last, numbers=last.numbers + _numbers(said))

    def _figures(self, said: str) -> None:
        if self.legs and not self.text and not self.legs[-1].numbers and not self.depth:
            self._numbers(said + "号")
        else:
            self.text += said

    def _zone(self) -> None:
        """Take the words before a number, or the last area, for the road: 三块厝13号, 宅港里13号."""
        name = _bare(self.text) or (self.areas[-1] if self.areas and self.areas[-1][-1] not in "市区县省" else "")
        if name:
            self.text = ""
            self._begin(Road(name))

    def _mouth(self, said: str) -> None:
        if not self.text and self.legs:
            self.legs[-1] = replace(self.legs[-1], has_mouth=True)
        self._end_text()

    def _building(self, said: str) -> None:
        if self.legs and not self.text and not self.names and not self.legs[-1].numbers and said[-2:] == "号楼":
            self._numbers(said[:-1])
            return
        self.building = self.building or re.sub("号楼|栋|幢|座|号馆", "", said)
        self._end_text()

    def _unit(self, said: str) -> None:
        self._end_text()

    def _metres(self, said: str) -> None:
        self.relative = replace(self.relative, metres=int(re.sub(r"\D", "", said)))
        self._end_text()

    def _corner(self, said: str) -> None:
        direction = re.sub("角|侧|边|面|方向|向|方", "", said)
        if not self.relative.direction and (self.legs or self.text):
            self.relative = replace(self.relative, direction=direction)
            self._end_text()
        else:
            self.text += said

    def _opposite(self, said: str) -> None:
        self.relative = replace(self.relative, is_opposite=True)
        self._end_text()

    def _beside(self, said: str) -> None:
        self._end_text()

    def _join(self, said: str) -> None:
        self._end_text()
        self.joined = "join"

    def _to(self, said: str) -> None:
        self._end_text()
        self.joined = "to"

    def _sign(self, said: str) -> None:
        self._end_text()

    def _open(self, said: str) -> None:
        self._end_text()
        self.depth += 1

    def _close(self, said: str) -> None:
        self._end_text()
        self.depth = max(0, self.depth - 1)

    def _sign_of_text(self, said: str) -> None:
        self.text += said

    def _end_text(self) -> None:
        name, self.text = _bare(self.text), ""
        if len(name) >= 2 and name not in self.names and len(self.names) < 6:
            self.names.append(name)

    def _address(self) -> Address:
        road, numbers, crossing, between, at_mouth = _arranged(self.legs)
        return Address(
            self.spelling,
            self.areas,
            road,
            numbers,
            crossing,
            between,
            at_mouth,
            self.building,
            tuple(self.names),
            self.relative,
        )


_Arranged = tuple[Road | None, tuple[Number, ...], Road | None, tuple[Road, Road] | None, bool]


def _arranged(legs: list[_Leg]) -> _Arranged:
    """Return the road, its numbers, what it crosses, the stretch of it, whether its mouth is meant."""
    main = [leg for leg in legs if not leg.is_aside] or legs
    if not main:
        return None, (), None, None, False
    first, others = main[0], [leg for leg in legs if leg.road != main[0].road]
    if first.numbers:
        return first.road, first.numbers, None, None, False
    stretch = _stretch(others)
    if stretch:
        return first.road, (), None, stretch, False
    numbered = next((leg for leg in legs if leg.road == first.road and leg.numbers), None)
    if numbered and not others:
        return first.road, numbered.numbers, None, None, False
    if others and not others[0].numbers:
        return first.road, (), others[0].road, None, False
    if others:
        return others[0].road, others[0].numbers, None, None, False
    return first.road, (), None, None, first.has_mouth and bool(first.road.lanes)


def _stretch(others: list[_Leg]) -> tuple[Road, Road] | None:
    for before, after in zip(others, others[1:], strict=False):
        if after.joined == "to" and not (before.numbers or after.numbers):
            return before.road, after.road
    return None


def _numbers(said: str) -> tuple[Number, ...]:
    """Return the numbers of 209,166号, of 10之2号, of 276-280号 (which is taken for 276, with a suffix)."""
    after = re.search(r"号之(\d+)", said)
    vague = re.match(r"(\d+)([X〇O]+)号", said)
    if vague:
        size = 10 ** len(vague[2])
        return (Number(int(vague[1]) * size + size // 2),)
    parts = re.split("[,/与和及跟]", re.sub("多?号.*$", "", said))
    found = []
    for part in parts:
        first, *rest = [one for one in re.split("[-之]+", part) if one]
        found.append(Number(int(first), rest[0].lstrip("0") if rest else after[1] if after else ""))
    return tuple(found)


def _bare(text: str) -> str:
    """Return a name without the small words around it."""
    return _TAIL.sub("", _HEAD.sub("", text))
