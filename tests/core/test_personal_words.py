"""Personal data in free text: what is masked, and what must stay as it is."""

from datetime import date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cityloop.core.personal_words import masked

digits = st.text("0123456789", min_size=1, max_size=30)
days = st.integers(0, 40_000).map(lambda number: date(1990, 1, 1) + timedelta(number))
words = st.text("路灯不亮请联系人在井盖旁边，。 ", max_size=12)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("电话13800138000，请联系", "电话138****8000，请联系"),
        ("１３８００１３８０００", "138****8000"),
        ("138-0013-8000/13900139000", "138****8000/139****9000"),
        ("打 138 0013 8000 或+86 13900139000", "打 138****8000 或+86 139****9000"),
        ("座机0816-5566778转801，或(0816)5566778", "座机081****6778转801，或081****6778"),
        ("02887654321", "028****4321"),
        ("家里电话：87654321", "家里电话：********"),
        ("住户110101199003074578说", "住户110**************8说"),
        ("身份证号：11010119900307123x", "身份证号：110**************x"),
        ("车牌川A12345、川ad12345、沪A·D1234挂挡路", "车牌川A*****、川a******、沪A*******挡路"),
        ("张三丰反映，张三丰电话2233445", "张**反映，张**电话*******"),
        ("微信v13800138000", "微信v138****8000"),
        ("302/13800138000", "302/138****8000"),
    ],
)
def test_what_identifies_a_person_is_masked(text: str, shown: str) -> None:
    assert masked(text, "张三丰", "2233445") == shown


@pytest.mark.parametrize(
    "text",
    [
        "编号13800138000的灯杆",
        "合同 SG-2026-13800138000",
        "金额13800138000元",
        "￥13800138000",
        "拨打12345或110后无人处理",
        "来电20261120，来电时间2026年11月20日",
        "114.13800138000, 23.05",
        "G2501高速、京G4501、A座1302",
        "统一社会信用代码91510107MA6CXXXX12",
        "热心市民说市民广场脏",
    ],
)
def test_other_numbers_and_words_stay(text: str) -> None:
    assert masked(text, "市民", "") == text


@given(words, days, st.integers(1, 10**9), words)
def test_the_number_of_a_case_stays(before: str, day: date, ordinal: int, after: str) -> None:
    text = f"{before}{day:%Y%m%d}{ordinal:06d}{after}"
    assert masked(text) == text


@given(words, st.integers(110000, 829999), st.sampled_from((4, 5)), st.integers(0), st.integers(1, 999999), words)
def test_the_id_of_a_facility_stays(before: str, area: int, size: int, code: int, serial: int, after: str) -> None:
    text = f"{before}{area}{code % 10**size:0{size}d}{serial:06d}{after}"
    assert masked(text) == text


@given(words, st.decimals(0, 10**12, places=2), st.sampled_from(("元", "万元")), words)
def test_an_amount_stays(before: str, amount: object, unit: str, after: str) -> None:
    for text in (f"{before}{amount}{unit}{after}", f"{before}{amount:,}{unit}{after}"):
        assert masked(text) == text


@given(words, days, st.integers(0, 1439), words)
def test_a_moment_stays(before: str, day: date, minute: int, after: str) -> None:
    moment = datetime.combine(day, time(minute // 60, minute % 60))
    for form in ("%Y-%m-%d %H:%M", "%Y/%m/%d %H:%M:%S", "%Y年%m月%d日", "%Y%m%d", "%Y%m%d%H%M%S", "%m-%d", "%H:%M"):
        text = f"{before}{moment.strftime(form)}{after}"
        assert masked(text) == text


@given(words, st.integers(13 * 10**9, 20 * 10**9 - 1), words)
def test_no_mobile_stays_whole(before: str, mobile: int, after: str) -> None:
    assert str(mobile) not in masked(f"{before}{mobile}{after}")


@given(words, digits, words)
def test_masking_twice_changes_no_more(before: str, number: str, after: str) -> None:
    once = masked(f"{before}{number}{after}", "张三丰", "13800138000")
    assert masked(once, "张三丰", "13800138000") == once
