"""POST /api/v1/reports as a hotline's programmer meets it."""

import json
import re
from typing import Any

import pytest
from django.test import Client

from cityloop.casework.models import Case
from cityloop.registry.people import accounts
from example import NOW, SmallCity

PATH = "/api/v1/reports"


@pytest.fixture
def token(city: SmallCity) -> str:
    return accounts.make_token("hotline", "test", NOW)


@pytest.fixture
def post(token: str, client: Client) -> Any:
    """Post a body with the token; text goes as it is."""

    def posted(body: Any, bearer: str | None = token) -> Any:
        content = body if isinstance(body, str | bytes) else json.dumps(body)
        headers = {"Authorization": f"Bearer {bearer}"} if bearer else {}
        return client.post(PATH, content, content_type="application/json", headers=headers)

    return posted


def a_report(**values: Any) -> dict[str, Any]:
    """A report with everything in it."""
    return {
        "channel": "12345",
        "external_id": "A1",
        "text": "人行道井盖缺失",
        "lon": 120.05,
        "lat": 23.05,
        "crs": "WGS84",
        "category": "01001",
        "address": "长江路1号",
        "reported_at": "2026-11-20T09:00:00+08:00",
        "reporter": {"name": "张三", "phone": "13800001234"},
        **values,
    }


def test_a_report_is_answered_with_number_and_tracking_code(post: Any) -> None:
    answer = post(a_report())
    assert answer.status_code == 201
    assert set(answer.json()) == {"number", "tracking_code"}
    assert Case.objects.get(number=answer.json()["number"]).category == "01001"


def test_the_same_again_is_answered_200_with_the_same(post: Any) -> None:
    first, again = post(a_report()), post(a_report())
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()


def test_the_same_id_with_other_content_is_a_conflict(post: Any) -> None:
    post(a_report())
    answer = post(a_report(text="别的"))
    assert answer.status_code == 409 and answer["content-type"] == "application/problem+json"
    assert answer.json()["type"].endswith("other-content")


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"text": " "}, "text"),
        ({"text": None}, "text"),
        ({"external_id": ""}, "external_id"),
        ({"channel": "热线"}, "channel"),
        ({"lon": "east"}, "lon"),
        ({"lon": 500}, "lon"),
        ({"lat": None}, "lat"),
        ({"lon": 0, "lat": 0}, "lon"),
        ({"lon": 23.05, "lat": 120.05}, "lat"),
        ({"crs": "EPSG:9999"}, "crs"),
        ({"reported_at": "yesterday"}, "reported_at"),
        ({"reported_at": "2099-01-01T00:00:00+08:00"}, "reported_at"),
        ({"address": "长" * 257}, "address"),
        ({"text": "a\u0000b"}, "text"),
        ({"reporter": "张三"}, "reporter"),
        ({"reporter": {"age": 3}}, "reporter.age"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_bad_input_is_reported_with_field_and_reason(post: Any, values: dict[str, Any], field: str) -> None:
    answer = post(a_report(**values))
    assert answer.status_code == 422 and answer["content-type"] == "application/problem+json"
    assert field in {error["field"] for error in answer.json()["errors"]}
    assert all(error["reason"] for error in answer.json()["errors"])
    assert Case.objects.count() == 0


@pytest.mark.parametrize("body", ["", "{", "[]", "null", '"words"', "[" * 5000, b"\xff\xfe"])
def test_a_body_that_is_not_a_json_object_is_refused(post: Any, body: Any) -> None:
    answer = post(body)
    assert answer.status_code in (400, 422) and answer["content-type"] == "application/problem+json"


def test_numbers_and_full_width_digits_are_understood(post: Any) -> None:
    answer = post(a_report(lon="１２０.05", lat="23.05", external_id="A2"))
    assert Case.objects.get(number=answer.json()["number"]).district == "671001"


def test_gcj02_is_turned_into_wgs84_and_the_raw_pair_is_kept(post: Any) -> None:
    facts = Case.objects.get(number=post(a_report(lon=114.0, lat=22.5, crs="GCJ-02")).json()["number"]).facts
    assert facts["raw_lon"] == "114.0000000" and facts["crs"] == "gcj02"
    assert 0.003 < 114.0 - float(facts["lon"]) < 0.007


@pytest.mark.parametrize("bearer", [None, "", "wrong"])
def test_without_a_valid_token_nothing_is_accepted(post: Any, bearer: str | None) -> None:
    answer = post(a_report(), bearer)
    assert answer.status_code == 401 and answer["content-type"] == "application/problem+json"
    assert Case.objects.count() == 0


def test_a_person_who_may_not_report_is_refused(city: SmallCity, post: Any) -> None:
    answer = post(a_report(), accounts.make_token("leader", "test", NOW))
    assert answer.status_code == 403


@pytest.mark.parametrize(("field", "value"), [("lon", True), ("lat", [1]), ("channel", ""), ("channel", "a b")])
def test_what_the_description_does_not_allow_is_refused(
    city: SmallCity, client: Client, post: Any, field: str, value: object
) -> None:
    described = client.get("/api/v1/openapi.json").json()["components"]["schemas"]["NewReport"]["properties"]
    assert {kind["type"] for kind in described["lon"]["anyOf"]} == {"number", "string", "null"}
    assert re.search(described["channel"]["pattern"], " 12345 ")
    assert not re.search(described["channel"]["pattern"], "")
    answer = post(a_report(**{"lon": 114.0, "lat": 22.5, field: value}))
    assert answer.status_code == 422
    assert {error["field"] for error in answer.json()["errors"]} == {field}


def test_errors_are_described_as_the_problem_details_that_they_are(client: Client, city: SmallCity) -> None:
    responses = client.get("/api/v1/openapi.json").json()["paths"]["/api/v1/reports"]["post"]["responses"]
    kinds = {status: list(response["content"]) for status, response in responses.items()}
    assert kinds.pop("200") == kinds.pop("201") == ["application/json"]
    assert set(map(tuple, kinds.values())) == {("application/problem+json",)}


def test_the_description_is_openapi_3_1(client: Client, city: SmallCity) -> None:
    description = client.get("/api/v1/openapi.json").json()
    assert description["openapi"].startswith("3.1")
    assert set(description["paths"]["/api/v1/reports"]["post"]["responses"]) >= {"200", "201", "409", "422"}
