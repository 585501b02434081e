"""The desk's form: one press or two is one case, and what was typed is never lost."""

import re

import pytest

from cityloop.casework.models import Case
from cityloop.intake.actions import may_report
from cityloop.intake.models import Report
from example import PEOPLE, SmallCity
from screens.conftest import HTMX, As, Page

POSTED = {"text": "路灯不亮", "address": "长江路1号", "lon": "120.05", "lat": "23.05", "crs": "wgs84"}


def test_two_presses_of_the_button_are_one_case(signed_in: As, city: SmallCity) -> None:
    client = signed_in("operator")
    key = re.search(r'name="external_id" value="([^"]+)"', client.get("/reports/new/").content.decode())
    assert key
    first = client.post("/reports/new/", {**POSTED, "external_id": key[1]})
    second = client.post("/reports/new/", {**POSTED, "external_id": key[1]})
    assert first["Location"] == second["Location"]
    assert Case.objects.count() == 1
    assert Case.objects.get().district == city.north


def test_the_moment_in_the_form_is_the_citys(signed_in: As, city: SmallCity) -> None:
    client = signed_in("operator")
    client.post("/reports/new/", {**POSTED, "external_id": "k", "reported_at": "2026-11-01 09:00"})
    assert Case.objects.get().reported_at.isoformat() == "2026-11-01T01:00:00+00:00"


def test_faults_are_shown_above_the_form_and_at_their_fields_and_what_was_typed_stays(
    signed_in: As, city: SmallCity
) -> None:
    incomplete = {**POSTED, "external_id": "k", "text": "", "lat": "", "reporter_name": "李四"}
    answer = signed_in("operator").post("/reports/new/", incomplete)
    shown = answer.content.decode()
    assert answer.status_code == 422
    assert 'href="#report-text"' in shown
    assert 'id="report-text-fault"' in shown
    assert 'id="report-lat-fault"' in shown
    assert 'value="李四"' in shown
    assert 'value="k"' in shown
    assert Case.objects.count() == 0


def test_the_same_form_with_other_words_is_refused(signed_in: As, city: SmallCity) -> None:
    client = signed_in("operator")
    client.post("/reports/new/", {**POSTED, "external_id": "k"})
    answer = client.post("/reports/new/", {**POSTED, "external_id": "k", "text": "井盖破损"})
    assert answer.status_code == 409
    assert "已经提交过另一内容" in Page(answer.content).text


def test_a_district_that_was_said_and_the_point_in_another_are_shown_as_a_contradiction(
    signed_in: As, city: SmallCity
) -> None:
    client = signed_in("operator")
    assert f'<option value="{city.south}"' in client.get("/reports/new/").content.decode()
    client.post("/reports/new/", {**POSTED, "external_id": "k", "district": city.south})
    case = Case.objects.get()
    assert (case.district, case.facts["words_district"]) == (city.north, city.south)
    assert "上报写的是南区，坐标却落在北区" in Page(client.get(f"/cases/{case.number}/").content).text


@pytest.mark.parametrize("username", ["roads", "leader", "dispatcher"])
def test_who_may_not_report_has_no_button_and_is_refused(signed_in: As, city: SmallCity, username: str) -> None:
    client = signed_in(username)
    assert "/reports/new/" not in client.get("/queue/").content.decode()
    assert client.get("/reports/new/").status_code == 403
    assert client.post("/reports/new/", {**POSTED, "external_id": "k"}).status_code == 403


def test_the_tracking_code_is_shown_once_to_be_read_to_the_caller(signed_in: As, city: SmallCity) -> None:
    client = signed_in("operator")
    answer = client.post("/reports/new/", {**POSTED, "external_id": "k"})
    kept = Report.objects.get()
    assert answer["Location"] == f"/cases/{kept.number}/"
    spoken = f"{kept.tracking_code[:4]}-{kept.tracking_code[4:8]}-{kept.tracking_code[8:]}"
    first = Page(client.get(answer["Location"]).content)
    assert spoken in first.words
    assert "告诉反映人" in first.text
    assert client.get("/cases/", {"words": spoken})["Location"] == f"/cases/{kept.number}/"
    assert spoken not in client.get(answer["Location"]).content.decode()


def test_a_case_outside_the_clerks_area_is_received_and_its_receipt_shown(signed_in: As, city: SmallCity) -> None:
    client = signed_in("north_operator")
    lon, lat = (str(degrees) for degrees in city.inside_south)
    answer = client.post("/reports/new/", {**POSTED, "external_id": "k", "lon": lon, "lat": lat}, follow=True)
    kept = Report.objects.get()
    assert answer.redirect_chain == [("/queue/", 302)]
    assert answer.status_code == 200
    page = Page(answer.content)
    assert kept.number in page.words
    assert kept.tracking_code in page.text.replace("-", "")
    assert "不在您的区域内" in page.text
    assert f"/cases/{kept.number}/" not in page.links


def test_a_fragment_does_not_use_up_the_receipt(signed_in: As, city: SmallCity) -> None:
    client = signed_in("operator")
    case = client.post("/reports/new/", {**POSTED, "external_id": "k"})["Location"]
    client.get(case, **HTMX)
    assert "告诉反映人" in Page(client.get(case).content).text


@pytest.mark.parametrize("username", PEOPLE)
def test_the_button_for_a_new_report_is_shown_to_whom_intake_lets_report(
    signed_in: As, people: dict, username: str
) -> None:
    shown = "/reports/new/" in Page(signed_in(username).get("/queue/").content).links
    assert shown == may_report(people[username], "desk")
    answer = signed_in(username).post("/reports/new/", {**POSTED, "external_id": username})
    assert answer.status_code == (302 if shown else 403)
