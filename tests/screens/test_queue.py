"""The queue: the right tasks, in few questions to the database, narrowed and paged by the address alone."""

import re

import pytest
from django.test import Client

from cityloop.casework.actions import act
from example import NOW, SmallCity
from screens.conftest import As, Page, Report

pytestmark = pytest.mark.server


def numbers_on(client: Client, address: str = "/queue/") -> list[str]:
    return re.findall(r'data-number="(\d+)"', client.get(address).content.decode())


def test_a_reported_case_waits_for_the_operator_and_for_nobody_else(signed_in: As, number: str) -> None:
    assert numbers_on(signed_in("operator")) == [number]
    for username in ("duty", "dispatcher", "collector", "roads", "leader"):
        assert numbers_on(signed_in(username)) == []


def test_an_operator_of_the_north_has_no_task_of_the_south(signed_in: As, report: Report, city: SmallCity) -> None:
    north, south = report("N"), report("S", city.inside_south)
    assert numbers_on(signed_in("operator")) == [north, south]
    assert numbers_on(signed_in("north_operator")) == [north]


def test_only_the_units_own_tasks_are_in_a_handlers_queue(signed_in: As, number: str, people: dict) -> None:
    for task, (action, username, inputs) in enumerate(
        (
            ("accept", "operator", {"category": "06010", "district": "671001"}),
            ("file", "duty", {}),
            ("dispatch", "dispatcher", {"unit": "roads"}),
        ),
        start=1,
    ):
        act(number, action, task, people[username], inputs, None, NOW)
    assert numbers_on(signed_in("roads")) == [number]
    assert numbers_on(signed_in("parks")) == []


def test_a_full_queue_asks_the_database_at_most_twelve_times(
    signed_in: As,
    report: Report,
    django_assert_max_num_queries: object,
) -> None:
    for n in range(60):
        report(f"A{n}")
    client = signed_in("operator")
    with django_assert_max_num_queries(12):  # type: ignore[operator]
        answer = client.get("/queue/")
    assert len(re.findall(r'data-number="', answer.content.decode())) == 50


def test_paging_shows_every_task_once(signed_in: As, report: Report) -> None:
    expected = {report(f"A{n}") for n in range(60)}
    client = signed_in("operator")
    first = client.get("/queue/").content.decode()
    following = re.search(r'rel="next" href="([^"]+)"', first)
    assert following
    second = "/queue/" + following[1].replace("&amp;", "&")
    seen = re.findall(r'data-number="(\d+)"', first) + numbers_on(client, second)
    assert len(seen) == 60
    assert set(seen) == expected


def test_chips_narrow_the_queue_and_show_what_is_chosen(signed_in: As, report: Report, city: SmallCity) -> None:
    report("N")
    south = report("S", city.inside_south)
    client = signed_in("operator")
    assert numbers_on(client, "/queue/?district=671002") == [south]
    assert numbers_on(client, "/queue/?kind=accept&district=671002") == [south]
    assert "南区" in Page(client.get("/queue/?district=671002").content).text


def test_an_empty_queue_teaches_what_would_fill_it(signed_in: As, city: SmallCity) -> None:
    page = Page(signed_in("duty").get("/queue/").content)
    assert "没有待办任务" in page.text
    assert "收到上报" in page.text


@pytest.mark.parametrize("query", ["lamp=blue", "lamp=RED"])
def test_an_unknown_lamp_is_refused_and_not_ignored(signed_in: As, city: SmallCity, query: str) -> None:
    answer = signed_in("operator").get(f"/queue/?{query}")
    assert answer.status_code == 422
    assert "不在可选范围之内" in Page(answer.content).text
