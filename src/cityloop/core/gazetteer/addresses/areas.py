"""The areas an address begins with, and the rest of it, which reading.py parses."""

import re
from collections.abc import Collection

from cityloop.core.gazetteer.addresses.words import HAN

_POSTAL = re.compile(r"^\d{3,6}(?=中国|中华民国|台湾|[^\d路街]{2,6}[省市县区])")
_COUNTRY = re.compile(r"中华民国|中国(?=[^路街])|台湾省?(?=[^路街])")
_NEIGHBOURHOOD = re.compile(r"\d{1,3}邻")
_SKIPPED = (_POSTAL, _COUNTRY, _NEIGHBOURHOOD)
_PROVINCE = re.compile(rf"[{HAN}]{{2,7}}?(?:省|自治区|特别行政区)(?![路街])")
_CITY = re.compile(rf"[{HAN}]{{2,4}}?市(?![立场区集]|民政|民中|民广|政府|政路|府(?!前))")
_DISTRICT = re.compile(rf"[{HAN}]{{1,5}}?(?<![小社园业发景校])[区县旗](?![路街公间立])")
_TOWNSHIP = re.compile(rf"[{HAN}]{{2,7}}?(?:街道(?:办事处)?|[镇乡])(?![路街口])(?=[{HAN}]*[路街村区里号]|$)")
_COMMUNITY = re.compile(
    rf"[{HAN}]{{2,8}}?社区(?!医|卫|中|服|活)"
    rf"|[{HAN}]{{1,4}}?里(?=[{HAN}]{{0,8}}[\d路街])(?![路街巷弄程])"
    rf"|[{HAN}]{{1,5}}?村委会"
)
_KINDS = (_PROVINCE, _CITY, _DISTRICT, _TOWNSHIP, _COMMUNITY)
# 新市区 is a district, but 东区 of 东区路 is not; 三村 of 三村一街 is no village.
_GOES_ON_AS_A_NAME = re.compile("[路街巷弄]|[一二三四五六七八九十]+[路街]")

# What follows a name that the city keeps without it: 福田 of 福田区.
_TITLE = re.compile("^(?:区(?![间域])|县|市(?![场民])|街道(?:办事处)?|社区|[镇乡])")


def leading_areas(text: str, known: Collection[str], longest: int = 20) -> tuple[tuple[str, ...], str]:
    """Return the areas an address begins with, from the first named, and the rest of it.

    `known` are normalized names of areas, at most `longest` characters long.
    """
    areas: dict[str, None] = {}
    rest = text
    while rest:
        begun = rest
        for skipped in _SKIPPED:
            if found := skipped.match(rest):
                rest = rest[found.end() :]
        if name := _known(rest, known, longest) or _likely(rest):
            areas.setdefault(name)
            rest = _TITLE.sub("", rest[len(name) :], count=1).lstrip(",-/")
        if rest == begun:
            break
    return tuple(areas), rest


def set_apart(text: str, names: Collection[str]) -> list[str]:
    """Return the names of areas that an address mentions apart from its other words: 文庙街12号(城东区)."""
    return [name for name in names if re.search(rf"(?<![{HAN}]){re.escape(name)}(?![{HAN}]*[路街巷弄])", text)]


def _known(rest: str, known: Collection[str], longest: int) -> str:
    for length in range(min(longest, len(rest)), 1, -1):
        if rest[:length] in known and not _GOES_ON_AS_A_NAME.match(rest, length):
            return rest[:length]
    return ""


def _likely(rest: str) -> str:
    """Return a prefix in the form of an area name, if no road could begin within it."""
    for kind in _KINDS:
        if (found := kind.match(rest)) and not re.search("[路街巷号]", found[0].removesuffix("街道")):
            return found[0]
    return ""
