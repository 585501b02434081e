"""Splits an address into tokens: roads, lanes, numbers, relative words. reading.py puts them together."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from cityloop.core.gazetteer.addresses.words import HAN

NUMERAL = "[一二三四五六七八九十]"
SECTION = f"{NUMERAL}+段"
_ENDING = rf"(?:大道|路(?:{NUMERAL}街)?|街|胡同|(?<={NUMERAL})道)(?:辅路|支路|辅道)?"
_HIGHWAY = r"(?:台|省道|国道|县道|乡道|[GSX])\d{1,3}甲?线?|\d{3}(?:国道|省道|县道)"
ROAD = rf"(?:(?![路侧段的了线])[{HAN}A-Z]{{1,6}}?{_ENDING}|{_HIGHWAY})(?:{SECTION})?"
_CROSSING = "(?:交叉|交会|交汇|交界|相交|转弯)(?:路?口|处)?"
_FORKED = "(?:十字|丁字|三岔)?"

# The first match counts, so the more specific patterns come first.
_PATTERNS = {
    "open": r"\(",
    "close": r"\)",
    "mouth": rf"[的之]?{_FORKED}{_CROSSING}|{_FORKED}路口|[巷街弄]口|转角处?|口(?![径号岸])",
    "building": r"(?:[A-Z]\d{0,2}|\d{1,4}|[甲乙丙丁])(?:号楼|栋|幢|座|号院\d+号楼)|\d{1,3}号馆",
    "unit": r"(?:[A-Z]|\d{1,2}|[甲乙丙丁])单元|(?:地下)?B?\d{1,3}(?:楼|层|F)(?:之\d+)?|\d{3,4}室",
    "lane": r"\d{1,4}(?:[-之]\d{1,3})?(?:巷弄?|弄|胡同)(?:之\d+)?",
    "numbers": r"\d{1,5}(?:[-之,/与和及跟]+\d{1,5}){0,12}多?号(?!线|出口|桥|门|车|机|馆|公园)(?:之\d{1,3})?"
    r"|\d{1,3}[XO〇]{1,2}号",
    "metres": r"约?\d{1,4}(?:米|公尺|M(?![A-Z]))",
    "corner": "(?:东北|西北|东南|西南|[东西南北])(?:角|侧|边|面|方向|向|方)",
    "opposite": "斜?对[面侧过]",
    "beside": "旁边?|隔壁|附近|周[边围]|一带|左右|沿[线路途]|[两双单]侧|[前后][面方]|门[口前]|[里内外][面侧]",
    "to": r"[到至往]|-(?=\D)",
    "join": "[与及跟接和]|/",
    "road": ROAD,
    "section": SECTION,
    "named_lane": rf"[{HAN}]{{1,5}}?巷(?=\d)",
    "figures": r"\d{1,5}(?:-\d{1,5})?",
    "punctuation": r"[,\-]",
    "text": ".",
}
_TOKEN = re.compile("|".join(f"(?P<{name}>{pattern})" for name, pattern in _PATTERNS.items()), re.DOTALL)
_ROAD = re.compile(ROAD)
_NOT_A_ROAD = re.compile(
    r"^(?:道|马|公|铁|小|条|这条|整条|红线|黄线|网|线|前方|人行道|沿)[路街]$|的|了|^[旁侧]|[号巷弄]"
)
_SHORT = 3  # characters of a word that is not a road as a whole, such as 人行道路
# 和平路 is one name; in 中山路和解放路 the character joins two.
_NAME_OF_ONE = re.compile(rf"和[{HAN}]{NUMERAL}?(?:大道|路|街)")


class AddressToken(NamedTuple):
    """A token of an address and its kind."""

    kind: str
    text: str


def tokens(words: str) -> Iterator[AddressToken]:
    """Yield the tokens of an address from left to right; every character is in one of them."""
    index, before = 0, ""
    while index < len(words):
        found = _TOKEN.match(words, index)
        kind, text = (found.lastgroup, found[0]) if found else ("text", words[index])
        token = _meant(AddressToken(kind or "text", text), words, index, before)
        yield token
        index += len(token.text)
        before = token.kind


def _meant(token: AddressToken, words: str, index: int, before: str) -> AddressToken:
    """Return a token with the kind it has in its context: names of roads begin with characters that also join two."""
    kind, text = token
    if kind in ("join", "to", "mouth") and text[0] not in "/-":
        follows_road = before in ("road", "lane", "named_lane", "section", "mouth", "beside", "numbers", "close")
        if not follows_road or _NAME_OF_ONE.match(words, index):
            road = _ROAD.match(words, index)
            if road and len(road[0]) > 2 and not _NOT_A_ROAD.search(road[0]) and kind != "mouth":
                return AddressToken("road", road[0])
            if before == "" or text in ("和", "口"):
                return AddressToken("text", text[0])
    if kind in ("road", "named_lane") and _NOT_A_ROAD.search(text):
        return AddressToken("text", text if len(text) <= _SHORT else text[0])
    return token
