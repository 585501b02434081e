"""What an address says, in the forms of the mainland and of Taiwan, however it is typed."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cityloop.core.gazetteer.addresses.reading import Number, Relative, Road, parse
from cityloop.core.gazetteer.addresses.words import LONGEST, figures, normalized, numerals

SCRIPT = {
    ord(old): new for old, new in zip("臺灣東區號樓華門與處後對旁邊", "台湾东区号楼华门与处后对旁边", strict=True)
}
CHARACTERS = "一二三十百零〇0123456789之-路街段巷弄号號楼樓区區口与和到至(),，、／ 　福华民田东北角A"
PIECES = [*CHARACTERS, "交叉口", "小区", "大厦", "对面", "米"]
ADDRESSES = st.lists(st.sampled_from(PIECES), max_size=40).map("".join)


WHOLE = ["广东省", "深圳市", "福田区", "沙头街道", "天安社区"]


@given(ADDRESSES)
def test_spelling_twice_is_spelling_once(words: str) -> None:
    once = normalized(words, SCRIPT)
    assert normalized(once, SCRIPT) == once


@given(st.text(max_size=LONGEST))
def test_no_text_is_too_odd_to_be_read(words: str) -> None:
    address = parse(words, SCRIPT)
    assert len(address.spelling) <= LONGEST


@given(ADDRESSES)
def test_full_width_signs_mean_the_same(words: str) -> None:
    wide = "".join(chr(ord(character) + 0xFEE0) if "!" <= character <= "~" else character for character in words)
    assert unicodedata.normalize("NFKC", wide) == unicodedata.normalize("NFKC", words)
    assert parse(wide, SCRIPT) == parse(words, SCRIPT)


@given(ADDRESSES)
def test_the_script_means_the_same(words: str) -> None:
    traditional = words.translate({ord(new): chr(old) for old, new in SCRIPT.items()})
    assert parse(traditional, SCRIPT) == parse(words, SCRIPT)


@given(st.integers(1, 99))
def test_numerals_are_figures_again(number: int) -> None:
    assert figures(numerals(number)) == str(number)


@pytest.mark.parametrize(
    ("words", "road", "numbers"),
    [
        ("福华路100号", "福华路", [(100, "")]),
        ("福华路１００號", "福华路", [(100, "")]),
        ("福华路12", "福华路", [(12, "")]),
        ("安和路1段5号", "安和路一段", [(5, "")]),
        ("民族路二段七十一号", "民族路二段", [(71, "")]),
        ("忠義路—段58號", "忠義路一段", [(58, "")]),
        ("崇德21街9号", "崇德二十一街", [(9, "")]),
        ("中华东路三段399巷29弄5号", "中华东路三段399巷29弄", [(5, "")]),
        ("府纬街四巷27号", "府纬街4巷", [(27, "")]),
        ("漕溪北路18弄5号", "漕溪北路18弄", [(5, "")]),
        ("文和路44-5号", "文和路", [(44, "5")]),
        ("中正路229号之3对面", "中正路", [(229, "3")]),
        ("西华南街209.166、125号", "西华南街", [(209, ""), (166, ""), (125, "")]),
        ("中华东路二段349 355号", "中华东路二段", [(349, ""), (355, "")]),
        ("裕农路6XX号", "裕农路", [(650, "")]),
        ("东兴路169巷口236号", "东兴路", [(236, "")]),
        ("三块厝13号", "三块厝", [(13, "")]),
        ("北园街(87号前面)", "北园街", [(87, "")]),
        ("和平路8号", "和平路", [(8, "")]),
        ("深南大道辅路8号", "深南大道辅路", [(8, "")]),
        ("景田路一街5号", "景田路一街", [(5, "")]),
        ("人民路3号楼", "人民路", [(3, "")]),
    ],
)
def test_roads_lanes_and_numbers_are_read(words: str, road: str, numbers: list[tuple[int, str]]) -> None:
    address = parse(words, SCRIPT)
    assert address.road and address.road.key == road
    assert address.numbers == tuple(Number(*number) for number in numbers)
    assert not (address.crossing or address.between)


@pytest.mark.parametrize(
    ("words", "road", "crossing"),
    [
        ("福华路与民田路交叉口东北角", "福华路", "民田路"),
        ("A路与B路路口", "A路", "B路"),
        ("和平路和解放路口", "和平路", "解放路"),
        ("中山路和平街口", "中山路", "和平街"),
        ("开元路212巷/林森路口", "开元路212巷", "林森路"),
        ("崇信街 崇善一街路口", "崇信街", "崇善一街"),
        ("永华路233巷跟273巷转角", "永华路233巷", "永华路273巷"),
        ("林森路*崇善路 大东夜市", "林森路", "崇善路"),
        ("小东路与长荣路交叉路口492号", "小东路", "长荣路"),
    ],
)
def test_crossings_are_read(words: str, road: str, crossing: str) -> None:
    address = parse(words)
    assert (address.road and address.road.key, address.crossing and address.crossing.key) == (road, crossing)
    assert address.numbers == ()


def test_a_stretch_of_a_road_lies_between_two_others() -> None:
    address = parse("北门路二段.三段两侧(和纬路到实践街)")
    assert address.road == Road("北门路二段")
    assert address.between == (Road("和纬路"), Road("实践街"))


def test_the_mouth_of_a_lane_is_not_the_lane() -> None:
    assert parse("大同路一段197巷口").at_mouth
    assert not parse("大同路一段197巷内").at_mouth


def test_estates_buildings_and_names_are_read() -> None:
    estate = parse("阳光小区3号楼2单元后面")
    assert (estate.names, estate.building, estate.road) == (("阳光小区",), "3", None)
    assert parse("海松大厦对面").names == ("海松大厦",)
    tower = parse("泰然九路10号海松大厦B座")
    assert (tower.road, tower.numbers, tower.names, tower.building) == (
        Road("泰然九路"),
        (Number(10),),
        ("海松大厦",),
        "B",
    )


@pytest.mark.parametrize(
    ("words", "relative"),
    [
        ("福华路与民田路交叉口东北角20米", Relative("东北", metres=20)),
        ("海松大厦斜对面", Relative(is_opposite=True)),
        ("福田立交西侧约50公尺", Relative("西", metres=50)),
        ("福华路10号", Relative()),
    ],
)
def test_relative_words_are_read(words: str, relative: Relative) -> None:
    assert parse(words).relative == relative


@pytest.mark.parametrize(
    ("words", "areas", "road"),
    [
        (
            "广东省深圳市福田区沙头街道天安社区泰然九路10号",
            ["广东省", "深圳市", "福田区", "沙头街道", "天安社区"],
            "泰然九路",
        ),
        ("701台湾台南市东区中华东路三段", ["台南市", "东区"], "中华东路三段"),
        ("北投区台北市北投区中央里015邻中央南路一段9号", ["北投区", "台北市", "中央里"], "中央南路一段"),
        ("台南市新市区和平街2号", ["台南市", "新市区"], "和平街"),
        ("台南市民族路二段76号", ["台南市"], "民族路二段"),
        ("宅港里13号", ["宅港里"], "宅港里"),
        ("永兴小区路5号", [], "永兴小区路"),
    ],
)
def test_areas_in_front_are_cut_off(words: str, areas: list[str], road: str) -> None:
    address = parse(words)
    assert list(address.areas) == areas
    assert address.road and address.road.street == road


def test_the_citys_own_areas_are_known_by_name_with_or_without_their_title() -> None:
    assert parse("盐行里三村一街138巷", known={"盐行里", "三村"}).road == Road("三村一街", ("138巷",))
    assert parse("福田区红荔路", known={"福田"}) == parse("福田区红荔路", known={"福田"})
    assert parse("福田区红荔路", known={"福田"}).road == Road("红荔路")
    assert parse("东区路8号", known={"东区"}).road == Road("东区路")


def test_what_says_nothing_is_known_to() -> None:
    assert parse("").says_nothing
    assert parse("，。()").says_nothing
    assert not parse("福华路").says_nothing


def test_a_numeral_beside_a_figure_becomes_one_too() -> None:
    assert normalized("一之一", SCRIPT) == "1之1"
