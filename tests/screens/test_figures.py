"""The ranking and the lists behind it: every number opens exactly the cases it counts."""

import re
from urllib.parse import parse_qs, urlsplit

from example import SmallCity
from screens.conftest import As, Page, Report


def test_every_number_opens_as_many_cases_as_it_says(signed_in: As, report: Report, city: SmallCity) -> None:
    for n in range(3):
        report(f"N{n}")
    report("S", city.inside_south)
    report("O", city.outside)
    client = signed_in("leader")
    shown = client.get("/figures/districts/?month=2026-11").content.decode()
    numbers = re.findall(r'<a href="(/cases/\?[^"]+)">(\d+)</a>', shown)
    assert len(numbers) == 4 * 3
    assert {(parse_qs(urlsplit(link).query).get("district") or [""])[0] for link, _ in numbers} >= {"671001", "671002"}
    for link, number in numbers:
        listed = client.get(link.replace("&amp;", "&")).content.decode()
        assert listed.count("cl-row-link") == int(number), link
    assert sum(int(number) for _, number in numbers) == 5


def test_nothing_closed_is_a_dash_and_not_zero(signed_in: As, number: str) -> None:
    page = Page(signed_in("leader").get("/figures/districts/?month=2026-11").content)
    assert "—" in page.words
    assert "0.0%" not in page.text


def test_a_month_that_is_none_is_refused(signed_in: As, city: SmallCity) -> None:
    assert signed_in("leader").get("/figures/districts/?month=2026-13").status_code == 422
    assert signed_in("leader").get("/cases/?month=soon").status_code == 422
    assert signed_in("leader").get("/cases/?month=2026-11&figure=lost").status_code == 422


def test_a_search_that_finds_one_case_opens_it(signed_in: As, number: str, report: Report) -> None:
    client = signed_in("operator")
    report("A2")
    for words in (number, "A1"):
        assert client.get("/cases/", {"words": words})["Location"] == f"/cases/{number}/"


def test_a_search_that_finds_nothing_says_what_can_be_searched_for(signed_in: As, number: str) -> None:
    page = Page(signed_in("operator").get("/cases/?words=B7").content)
    assert "没有找到案件" in page.text
