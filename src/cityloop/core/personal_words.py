"""Finds personal data in free text and masks it: telephones, identity cards, number plates, a known person's name.

A number is masked for its form: case numbers, ids of facilities, amounts and dates have other forms or say what they
are. A name can only be found where it is known.
"""

import re
from collections.abc import Callable, Iterable

# Half-width forms of what people type; each replaces one character, so that positions in the text stay right.
_PLAIN = str.maketrans(
    {0xFF01 + shift: 0x21 + shift for shift in range(94)}
    | dict.fromkeys(map(ord, "　\t\xa0"), " ")
    | {"–": "-", "—": "-"}
)
_PROVINCE = r"(?:1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|81|82|83)"
_MONTH_DAY = r"(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])"
_AREA_CODE = r"(?:010|02\d|0[3-9]\d{2})"
_TELEPHONE = r"(?:电话|座机|手机|固话|号码|来电|回电|致电|拨打|联系|tel|phone|mobile)[^\d。；;\n]{0,8}?"
_MOBILE = re.compile(r"(?<!\d)(?:(?:\+|00)?86[- ]?)?(1[3-9]\d(?:[-. ]?\d{4}){2}|1[3-9]\d{2}[- ]?\d{3}[- ]?\d{4})(?!\d)")
_LANDLINE = re.compile(rf"(?<!\d)\(?{_AREA_CODE}\)?[- ]?[2-9]\d{{2,3}}[- ]?\d{{4}}(?!\d)")
_LOCAL = re.compile(rf"(?i:{_TELEPHONE})((?!20\d\d-?{_MONTH_DAY})[2-9]\d{{2,3}}[- ]?\d{{4}})(?![\d-])")
_ID_CARD = re.compile(rf"(?<!\d){_PROVINCE}\d{{4}}(?:19|20)\d{{2}}{_MONTH_DAY}\d{{3}}[\dXx](?![0-9A-Za-z])")
_OLD_ID_CARD = re.compile(
    rf"身份证[^\d。；;\n]{{0,8}}({_PROVINCE}\d{{4}}\d{{2}}{_MONTH_DAY}\d{{3}}|\d{{17}}[\dXx])(?![0-9A-Za-z])"
)
_PLATE = re.compile(
    r"[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼][A-HJ-NP-Za-hj-np-z][·•. -]?"
    r"(?=[0-9A-Za-z]*\d)[A-HJ-NP-Za-hj-np-z0-9]{4,5}[A-HJ-NP-Za-hj-np-z0-9挂学警港澳](?![0-9A-Za-z])"
)
# What stands before a number and says that it is none of a person: a code, an amount.
_A_CODE = re.compile(
    r"(?:编号|编码|代码|标识码|单号|案号|案件号?|受理号|序号|流水号|工号|[Nn][Oo]\.?)[^\dA-Za-z，。；,;\n]{0,4}$"
)
_IN_A_CODE = re.compile(r"(?:[¥￥$]|(?<!\d)\d{2,3}[.]|(?:[A-Za-z]|\d{4})[-_]|[A-Z])$")
_TELEPHONE_LETTERS = re.compile(r"(?i)(?:tel|phone|mobile|[vw]x|v|qq|\d{7}-)[-_]?$")
_AN_AMOUNT = re.compile(r"万?元|亿|%|[.]\d|[A-Za-z_]")
_NO_NAMES = frozenset(
    ("市民", "群众", "居民", "网友", "业主", "匿名", "路人", "游客", "商户", "先生", "女士", "不详", "未知")
)

Mask = Callable[[str], str]


def unmasked(text: str) -> str:
    """Return the text as it is: the mask for whoever may see all of it."""
    return text


def masked_name(name: str) -> str:
    """Return the family name and asterisks: 张** for 张三丰; a name of one character becomes one asterisk."""
    return name[:1] + "*" * (len(name) - 1) if len(name) > 1 else "*"


def masked_phone(phone: str) -> str:
    """Return the first three and last four digits: 138****1234; a number under 9 digits is all asterisks."""
    return f"{phone[:3]}****{phone[-4:]}" if len(phone) >= 9 else "*" * len(phone)


def masked(text: str, name: str = "", phone: str = "") -> str:
    """Return the text with the personal data in it masked, and with the name and the telephone of a known person."""
    for begin, end, shown in sorted(_found(text, name, phone), reverse=True):
        text = text[:begin] + shown + text[end:]
    return text


def _found(text: str, name: str, phone: str) -> Iterable[tuple[int, int, str]]:
    """Return where personal data stand, and what is shown for them; no two overlap."""
    plain = text.translate(_PLAIN)
    spans: dict[int, tuple[int, str]] = {}
    taken = bytearray(len(plain))
    for pattern, group, mask, free in _patterns(name.translate(_PLAIN).strip(), phone.translate(_PLAIN)):
        for match in pattern.finditer(plain):
            begin, end = match.span(group)
            if not any(taken[begin:end]) and (free or _is_personal(plain, begin, end)):
                spans[begin] = end, mask(plain[begin:end])
                taken[begin:end] = b"\1" * (end - begin)
    return [(begin, end, shown) for begin, (end, shown) in spans.items()]


def _patterns(name: str, phone: str) -> Iterable[tuple[re.Pattern[str], int, Mask, bool]]:
    """Yield what is looked for, the group that is masked, how, and whether it may stand beside anything."""
    digits = re.sub(r"\D", "", phone)
    if len(digits) >= 7:
        yield re.compile(r"(?<!\d)" + "[- ]?".join(digits) + r"(?!\d)"), 0, _masked_digits, True
    if len(name) > 1 and name not in _NO_NAMES and not name.startswith("热心"):
        yield re.compile(re.escape(name)), 0, masked_name, True
    yield _OLD_ID_CARD, 1, _masked_card, True
    yield _ID_CARD, 0, _masked_card, False
    yield _PLATE, 0, lambda plate: plate[:2] + "*" * (len(plate) - 2), True
    yield _MOBILE, 1, _masked_digits, False
    yield _LANDLINE, 0, _masked_digits, False
    yield _LOCAL, 1, _masked_digits, False


def _is_personal(plain: str, begin: int, end: int) -> bool:
    before, after = plain[max(0, begin - 16) : begin], plain[end : end + 8]
    if _TELEPHONE_LETTERS.search(before):
        return True
    return not (_A_CODE.search(before) or _IN_A_CODE.search(before) or _AN_AMOUNT.match(after))


def _masked_digits(words: str) -> str:
    return masked_phone(re.sub(r"\D", "", words))


def _masked_card(card: str) -> str:
    return card[:3] + "*" * (len(card) - 4) + card[-1]
