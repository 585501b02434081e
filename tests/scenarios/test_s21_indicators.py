"""S21, performance evaluation (绩效评价): areas, departments and posts are ranked, and a figure opens its cases."""

import re
from datetime import timedelta
from html import unescape

import pytest
from django.test import Client

from cityloop.casework.models import Case
from scenarios.conftest import Desks, linked, notify_linked
from screens.conftest import As
from screens.counted import Exported, rows, shown
from screens.past_cases import MONDAY, SAME_DAY, WEEKS_LATER, Went, city_time

NOVEMBER = "/figures/?period=2026-11"
DEPARTMENTS = f"{NOVEMBER}&by=department&indicator=archive_in_time_rate"
FOUND = {"finding": "已核对时间"}


@pytest.mark.parametrize(
    ("by", "indicator", "expected"),
    [
        ("district", "archive_in_time_rate", [("1", "北区", "50.00%"), ("1", "南区", "50.00%")]),
        ("department", "archive_in_time_rate", [("1", "市政养护处", "75.00%"), ("2", "园林绿化处", "0.00%")]),
        ("post", "register_in_time_rate", [("1", "值班长·监督指挥中心", "100.00%")]),
    ],
)
def test_a_leader_ranks_areas_departments_and_posts(
    signed_in: As, november: None, exported: Exported, by: str, indicator: str, expected: list[tuple[str, ...]]
) -> None:
    exported()
    page = shown(signed_in("leader"), f"{NOVEMBER}&by={by}&indicator={indicator}")
    assert [row[:3] for row in rows(page)][: len(expected)] == expected


def test_a_leader_follows_a_figure_to_its_formula_and_to_the_cases_it_counts(
    signed_in: As, went: Went, exported: Exported
) -> None:
    late = went("north", filed=MONDAY, closed=WEEKS_LATER)
    in_time = went("north", filed=MONDAY, closed=SAME_DAY)
    exported()
    leader = signed_in("leader")
    figure = followed(leader, shown(leader, DEPARTMENTS), "archive_in_time_rate/?by=department&key=roads")
    assert "按期结案率 = 按期结案数 ÷ 应结案数 × 100%" in unescape(figure)
    assert "1 ÷ 2" in figure
    numerator = followed(leader, figure, "count=intime_archive")
    assert in_time.number in numerator
    assert late.number not in numerator


def test_a_case_is_left_out_of_the_figures_once_the_appeal_of_its_unit_was_granted(
    signed_in: As, went: Went, exported: Exported, desks: Desks
) -> None:
    late = went("north", filed=MONDAY, closed=WEEKS_LATER)
    went("north", filed=MONDAY, closed=SAME_DAY)
    exported(city_time(WEEKS_LATER) + timedelta(hours=1))
    leader = signed_in("leader")
    assert rows(shown(leader, DEPARTMENTS))[0][1:4] == ("市政养护处", "50.00%", "1/2")
    appealed(desks, late)
    exported()
    assert rows(shown(leader, DEPARTMENTS))[0][1:4] == ("市政养护处", "100.00%", "1/1")


def followed(client: Client, page: str, part: str) -> str:
    """Return the page behind the only link whose address contains that part."""
    (address,) = {found for found in map(unescape, re.findall(r'href="([^"]+)"', page)) if part in found}
    return shown(client, address)


def appealed(desks: Desks, case: Case) -> None:
    """Have the unit appeal against being late, and have the appeal granted."""
    at = city_time(WEEKS_LATER) + timedelta(hours=1)
    desks.act(case.number, "appeal", "roads", at=at, grounds="道路封闭")
    appeal = linked(case.number)[1]
    desks.act(appeal, "support_first", "dispatcher", at=at, **FOUND)
    desks.act(appeal, "support_second", "operator", at=at, **FOUND)
    notify_linked()
