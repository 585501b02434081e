"""Every address is answered: by a page, a refusal in words, or a 404; never by an error of the server."""

import pytest
from django.test import Client

from example import SmallCity
from screens.conftest import As, Page, Report

NUL = "%00"
PAGES = ("/queue/", "/cases/")


@pytest.mark.parametrize(
    "address",
    [
        f"/cases/?words={NUL}",
        f"/cases/?words=2026{NUL}11",
        "/cases/?words=A%1FB",
        f"/cases/?district={NUL}",
        f"/cases/?month=2026-11{NUL}",
        f"/queue/?kind={NUL}",
        f"/queue/?district={NUL}",
        f"/queue/?lamp={NUL}",
        f"/queue/?after={NUL}",
        f"/cases/?after={NUL}",
        "/cases/?month=9999-12",
        "/cases/?month=0001-01",
        "/cases/?month=1989-12&figure=filed",
        "/figures/districts/?month=9999-12",
        "/figures/districts/?month=2101-01",
    ],
)
def test_what_no_database_or_calendar_can_store_is_refused_in_words(signed_in: As, number: str, address: str) -> None:
    answer = signed_in("operator").get(address)
    assert answer.status_code == 422
    assert "内容有误" in Page(answer.content).text


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/settings/areas/?level=a/b", 404),
        (f"/settings/changes/?before={'9' * 4301}", 200),
        (f"/settings/people/of/{NUL}/", 404),
    ],
)
def test_what_only_a_program_sends_is_answered(signed_in: As, number: str, address: str, status: int) -> None:
    assert signed_in("administrator").get(address).status_code == status


def test_a_name_that_cannot_be_stored_is_refused_in_words(signed_in: As, number: str) -> None:
    answer = signed_in("administrator").post("/settings/catalogues/use/", {"name": "a\0"})
    assert answer.status_code == 422
    assert "内容有误" in Page(answer.content).text


@pytest.mark.parametrize("month", ["1990-01", "2100-12"])
def test_the_first_and_the_last_month_are_shown(signed_in: As, number: str, month: str) -> None:
    for page in ("/cases/", "/figures/districts/"):
        assert signed_in("operator").get(page, {"month": month}).status_code == 200


@pytest.mark.parametrize("name", [NUL, "12%0034", "abc", "２０２６", "-1", "1.5"])
def test_an_address_that_is_no_number_is_no_cases_page(signed_in: As, number: str, name: str) -> None:
    client = signed_in("operator")
    assert client.get(f"/cases/{name}/").status_code == 404
    assert client.post(f"/cases/{name}/act/").status_code == 404
    assert client.post(f"/cases/{name}/reporter/").status_code == 404


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize(
    "key",
    ["_", "0001-01-01T00:00:00%2B23:59_1", "9999-12-31T23:59:59-23:59_1", "2026-11-20T00:00:00Z_" + "9" * 30],
)
def test_a_key_of_paging_that_nobody_gave_out_breaks_nothing(signed_in: As, number: str, page: str, key: str) -> None:
    assert signed_in("operator").get(f"{page}?after={key}").status_code == 200


def test_a_form_with_a_character_that_cannot_be_stored_is_refused(signed_in: As, number: str) -> None:
    client = signed_in("operator")
    for name in ("action", "category", "district", "note"):
        tried = {"task": "1", "action": "accept", "category": "06010", "district": "671001", name: "a\0"}
        assert client.post(f"/cases/{number}/act/", tried).status_code in (409, 422), name
    for name in ("text", "external_id", "address", "category", "reported_at", "reporter_name", "lon", "crs"):
        payload = {"text": "井盖破损", "external_id": "k", name: "a\0"}
        assert client.post("/reports/new/", payload).status_code == 422, name


def test_no_cache_keeps_what_somebody_signed_in_reads(signed_in: As, number: str, client: Client) -> None:
    for page in (
        "/queue/",
        "/cases/",
        f"/cases/{number}/",
        f"/cases/{number}/?none",
        "/settings/units/",
        "/no-such-page/",
    ):
        assert "no-store" in signed_in("operator").get(page)["Cache-Control"], page
    shown = signed_in("operator").post(f"/cases/{number}/reporter/")
    assert "no-store" in shown["Cache-Control"]
    assert "Cache-Control" not in client.get("/health")


def test_a_search_goes_on_to_its_next_page_instead_of_jumping_to_a_case(
    signed_in: As, report: Report, city: SmallCity, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cityloop.casework.queries.PAGE", 1)
    older, newer = report("A"), report("B")
    assert (older[:8], older < newer) == (newer[:8], True)
    client = signed_in("operator")
    first = client.get("/cases/", {"words": older[:8]})
    assert first.status_code == 200
    assert newer in first.content.decode()
    assert older not in first.content.decode()
    following = next(link for link in Page(first.content).links if "after=" in link)
    second = client.get(f"/cases/{following}")
    assert second.status_code == 200
    assert older in second.content.decode()
    assert client.get("/cases/", {"words": older})["Location"] == f"/cases/{older}/"
