"""No page sends more than twelve queries to the database, however much it shows."""

import pytest

from screens.bringing import Bringing
from screens.conftest import As, Report

pytestmark = pytest.mark.server

CASES = (  # where cases stand that have sub-tasks, documents, links, paused clocks, several units, timers that ran out
    "city-problem.accept",
    "city-problem.help_given",
    "city-problem.resume",
    "supervision-order.record_interview",
    "whistle.coordinated",
    "score-appeal.vote_for",
)
PAGES = (
    "/queue/",
    "/cases/",
    "/cases/?words=垃圾",
    "/figures/districts/",
    "/cases/new/supervision-order/",
    "/settings/procedures/",
    "/account/",
    "/account/second-factor/",
)


@pytest.mark.parametrize("action", CASES)
@pytest.mark.parametrize("username", ["duty", "leader"])
def test_a_case_page_asks_at_most_ten_times(
    bringing: Bringing, signed_in: As, action: str, username: str, django_assert_max_num_queries: object
) -> None:
    number, client = bringing.to(action).number, signed_in(username)
    with django_assert_max_num_queries(10):  # type: ignore[operator]
        assert client.get(f"/cases/{number}/").status_code == 200


def test_an_action_asks_at_most_twelve_times_as_it_does_not_read_the_page_it_leads_to(
    signed_in: As, number: str, django_assert_max_num_queries: object
) -> None:
    client = signed_in("operator")
    accept = {"task": "1", "action": "accept", "length": "1", "category": "06010", "district": "671001"}
    with django_assert_max_num_queries(12):  # type: ignore[operator]
        assert client.post(f"/cases/{number}/act/", accept).status_code == 302


def test_a_document_asks_at_most_twelve_times(
    bringing: Bringing, signed_in: As, django_assert_max_num_queries: object
) -> None:
    number, client = bringing.to("city-problem.resume").number, signed_in("duty")
    with django_assert_max_num_queries(12):  # type: ignore[operator]
        assert client.get(f"/cases/{number}/documents/6/hanging_slip/").status_code == 200


def test_the_page_of_a_person_asks_at_most_fourteen_times(signed_in: As, django_assert_max_num_queries: object) -> None:
    client = signed_in("administrator")
    client.get("/settings/people/")  # the city itself is read once, by whoever comes first
    with django_assert_max_num_queries(14):  # type: ignore[operator]
        assert client.get("/settings/people/of/operator/").status_code == 200


@pytest.mark.parametrize("page", PAGES)
def test_any_other_page_asks_at_most_twelve_times(
    report: Report, signed_in: As, page: str, django_assert_max_num_queries: object
) -> None:
    for no in range(3):
        report(f"A{no}")
    client = signed_in("leader")
    with django_assert_max_num_queries(12):  # type: ignore[operator]
        assert client.get(page).status_code == 200
