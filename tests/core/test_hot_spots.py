"""False hot spots: points that stand for addresses nobody found."""

from decimal import Decimal

from cityloop.core.gazetteer.hot_spots import LEAST, PointGroups

POINT = (Decimal("114.0545000"), Decimal("22.5445000"))
CORNERS = ("福中路{}号", "福中路{}号对面", "福田区福中路与金田路交叉口", "福中路二段{}号旁")
ELSEWHERE = ("景田路{}号", "彩田路{}号", "新洲路{}号", "福中路{}号", "香蜜湖街道红荔路{}号")


def gathered(addresses: list[str | None], district: str | None = "福田区") -> PointGroups:
    places = PointGroups()
    for address in addresses:
        places.add(POINT, district, address)
    return places


def test_a_point_that_all_describe_by_the_same_street_is_a_true_hot_spot() -> None:
    (pile,) = gathered([CORNERS[n % 4].format(n) for n in range(40)]).piles
    assert pile.streets == (("福中路", 40),)
    assert not pile.is_false


def test_a_point_that_stands_for_many_streets_is_a_false_one() -> None:
    (pile,) = gathered([ELSEWHERE[n % 5].format(n) for n in range(40)]).piles
    assert (pile.point, pile.cases, pile.districts) == (POINT, 40, (("福田区", 40),))
    assert pile.streets[0][1] == 8
    assert pile.is_false


def test_half_of_the_cases_on_one_street_are_too_few_and_one_more_is_enough() -> None:
    half = ["福中路1号"] * 20 + [ELSEWHERE[n % 3].format(n) for n in range(20)]
    assert gathered(half).piles[0].is_false
    assert not gathered([*half, "福中路7号"]).piles[0].is_false


def test_a_corner_named_by_either_street_is_a_true_hot_spot() -> None:
    (pile,) = gathered(["福中路1号", "金田路2号"] * 20).piles
    assert pile.streets == (("福中路", 20), ("金田路", 20))
    assert not pile.is_false
    assert not gathered([*["福中路1号", "金田路2号"] * 15, *["彩田路5号"] * 9]).piles[0].is_false
    assert gathered([*["福中路1号", "金田路2号"] * 15, *["彩田路5号"] * 10]).piles[0].is_false


def test_without_addresses_the_districts_are_used() -> None:
    places = gathered([None] * 10, "福田区")
    for district in ("罗湖区", "南山区"):
        for _ in range(10):
            places.add(POINT, district, None)
    (pile,) = places.piles
    assert pile.is_false
    assert not gathered([None] * 30).piles[0].is_false


def test_few_cases_and_cases_without_addresses_do_not_make_a_false_hot_spot() -> None:
    assert gathered(["景田路1号", "彩田路2号"] * (LEAST // 2 - 1)).piles == ()
    (pile,) = gathered([None] * LEAST + ["景田路1号", "彩田路2号"], None).piles
    assert not pile.is_false


def test_foreign_addresses_are_compared_without_their_numbers() -> None:
    (pile,) = gathered([f"{n} Wolcott St" for n in range(12)]).piles
    assert pile.streets == (("WOLCOTTST", 12),)


def test_only_points_that_several_cases_share_are_kept_of_a_long_table() -> None:
    groups = PointGroups(most=50)
    for number in range(1000):
        groups.add((Decimal(number), Decimal(0)), None, "甲路1号")
        groups.add((Decimal(-1), Decimal(0)), None, f"{number}路1号")
    (pile,) = groups.piles
    assert pile.cases == 1000 and len(groups._found) < 500
