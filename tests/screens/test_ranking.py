"""The ranking where something happened: every number is counted by hand here, and opens just the cases it counts."""

import re
from datetime import timedelta

import pytest
from django.conf import settings
from django.test import Client
from shapely.geometry import box

from cityloop.registry.areas import actions as area_actions
from cityloop.registry.city import current
from example import NOW, PEOPLE, SmallCity
from screens.conftest import As
from screens.past_cases import MONDAY, SAME_DAY, WEEKS_LATER, Went

MONTH = "2026-11"


def ranking(client: Client, month: str = MONTH) -> list[tuple[str, ...]]:
    """The rows as they are read: rank, district, reported, filed, closed, closed in time, share."""
    shown = client.get("/figures/districts/", {"month": month}).content.decode()
    body = re.search(r"<tbody>(.*)</tbody>", shown, re.DOTALL)
    rows = re.findall(r"<tr>(.*?)</tr>", body[1] if body else "", re.DOTALL)
    cells = [re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", row, re.DOTALL) for row in rows]
    return [tuple(re.sub(r"<[^>]+>", "", cell).strip() for cell in row[:7]) for row in cells]


def test_late_and_timely_closed_rejected_and_open_cases_are_counted_apart(signed_in: As, november: None) -> None:
    assert ranking(signed_in("leader")) == [
        ("1", "北区", "6", "4", "3", "2", "66.7%"),
        ("2", "南区", "3", "2", "2", "1", "50.0%"),
        ("—", "区县待定", "1", "0", "0", "0", "—"),
    ]


def test_everybodys_numbers_open_just_the_cases_they_count(signed_in: As, november: None) -> None:
    sums = {}
    for username in PEOPLE:
        client = signed_in(username)
        shown = client.get("/figures/districts/", {"month": MONTH}).content.decode()
        numbers = re.findall(r'<a href="(/cases/\?[^"]+)">(\d+)</a>', shown)
        assert len(numbers) == 4 * len(ranking(client))
        for link, number in numbers:
            listed = client.get(link.replace("&amp;", "&")).content.decode()
            assert listed.count("cl-row-link") == int(number), (username, link)
        sums[username] = [sum(int(row[column]) for row in ranking(client)) for column in (2, 3, 4, 5)]
    everything, of_the_north, nothing = [10, 6, 5, 3], [6, 4, 3, 2], [0, 0, 0, 0]
    of_roads, of_parks = [4, 4, 4, 3], [1, 1, 1, 0]
    assert sums == {
        **dict.fromkeys(("operator", "duty", "dispatcher", "collector", "leader", "enforcement"), everything),
        **dict.fromkeys(("north_operator", "street"), of_the_north),
        **dict.fromkeys(("roads", "roads2"), of_roads),
        "parks": of_parks,
        **dict.fromkeys(("hotline", "administrator"), nothing),
    }


def test_who_has_one_district_is_shown_no_other(signed_in: As, november: None) -> None:
    assert [row[1] for row in ranking(signed_in("north_operator"))] == ["北区"]


def test_equal_shares_have_equal_rank_and_the_next_rank_is_left_out(signed_in: As, went: Went, city: SmallCity) -> None:
    east = area_actions.NewArea("671003", "东区", "district", None, box(120.4, 23.0, 120.6, 23.1).wkb)
    area_actions.set_areas([east], "test", NOW)
    current.forget()
    for where, closed in (("north", 1), ("south", 2), ("east", 1)):
        for _ in range(closed):
            went(where, filed=MONDAY, closed=SAME_DAY)
            went(where, filed=MONDAY, closed=WEEKS_LATER)
    went("east", filed=MONDAY, closed=WEEKS_LATER)
    assert [(row[0], row[1], row[6]) for row in ranking(signed_in("leader"))] == [
        ("1", "南区", "50.0%"),  # closed more
        ("1", "北区", "50.0%"),
        ("3", "东区", "33.3%"),
    ]


def test_nothing_closed_in_time_is_zero_and_nothing_closed_is_a_dash_without_a_rank(
    signed_in: As, went: Went, city: SmallCity
) -> None:
    went("south", filed=MONDAY, closed=WEEKS_LATER)
    went("north", filed=MONDAY)
    assert ranking(signed_in("leader")) == [
        ("1", "南区", "1", "1", "1", "0", "0.0%"),
        ("—", "北区", "1", "1", "0", "0", "—"),
    ]


def test_each_event_counts_in_its_own_month_of_the_citys_time(signed_in: As, went: Went, city: SmallCity) -> None:
    went("north", "2026-09-30 23:59", filed="2026-10-01 00:00", closed="2026-11-01 00:00")
    client = signed_in("leader")
    north = {month: ranking(client, month)[0][2:5] for month in ("2026-09", "2026-10", "2026-11", "2026-12")}
    assert north["2026-09"] == ("1", "0", "0")
    assert north["2026-10"] == ("0", "1", "0")
    assert north["2026-11"] == ("0", "0", "1")
    assert north["2026-12"] == ("0", "0", "0")


@pytest.mark.parametrize(("seconds", "in_time"), [(0, "1"), (1, "0")])
def test_closed_at_the_very_moment_it_was_due_is_in_time(
    signed_in: As, went: Went, city: SmallCity, seconds: int, in_time: str
) -> None:
    due_at = went("north", filed=MONDAY).case_due_at
    assert due_at
    closed = (due_at + timedelta(seconds=seconds)).astimezone(settings.CITYLOOP.zone).strftime("%Y-%m-%d %H:%M:%S")
    went("south", filed=MONDAY, closed=closed)
    south = next(row for row in ranking(signed_in("leader")) if row[1] == "南区")
    assert south[4:6] == ("1", in_time)
