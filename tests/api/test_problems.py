"""Every failure under /api/ is answered by problem details as RFC 9457 describes them."""

import json
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client

from cityloop.casework.models import Case
from cityloop.registry.people import accounts
from example import NOW, SmallCity

PATH = "/api/v1/reports"
METHODS = ("GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW")


@pytest.fixture
def sender(city: SmallCity) -> Client:
    """A connected system with its token, with the checks that real requests meet."""
    bearer = {"Authorization": f"Bearer {accounts.make_token('hotline', 'test', NOW)}"}
    return Client(headers=bearer, enforce_csrf_checks=True, raise_request_exception=False)


def problem_of(answer: Any, status: int) -> dict[str, Any]:
    """Return the problem document, after checking that it is one."""
    assert answer.status_code == status
    assert answer["content-type"] == "application/problem+json"
    problem = json.loads(answer.content)
    assert problem["status"] == status
    assert problem["type"].startswith("urn:cityloop:problem:")
    assert problem["title"] and problem["detail"]
    return problem


def report_of(letters: int) -> str:
    return json.dumps({"channel": "12345", "external_id": "A1", "text": "a" * letters})


def test_a_body_over_the_limit_is_a_413_that_names_the_limit(sender: Client) -> None:
    answer = sender.post(PATH, report_of(settings.DATA_UPLOAD_MAX_MEMORY_SIZE), content_type="application/json")
    assert "1,000,000" in problem_of(answer, 413)["detail"]
    assert Case.objects.count() == 0


def test_a_body_just_under_the_limit_is_read(sender: Client) -> None:
    body = report_of(settings.DATA_UPLOAD_MAX_MEMORY_SIZE - 100)
    assert problem_of(sender.post(PATH, body, content_type="application/json"), 422)["errors"]


@pytest.mark.parametrize("method", METHODS)
def test_another_method_is_a_405_that_names_those_offered(sender: Client, method: str) -> None:
    answer = sender.generic(method, PATH)
    if method == "HEAD":  # its answer has no body
        assert (answer.status_code, answer["content-type"]) == (405, "application/problem+json")
    else:
        assert method in problem_of(answer, 405)["detail"]
    assert answer["Allow"] == "POST"


@pytest.mark.parametrize("method", ("POST", "PUT", "DELETE"))
def test_the_description_is_only_read(sender: Client, method: str) -> None:
    answer = sender.generic(method, "/api/v1/openapi.json")
    problem_of(answer, 405)
    assert answer["Allow"] == "GET, HEAD"


@pytest.mark.parametrize("method", ("GET", "POST", "DELETE"))
@pytest.mark.parametrize("path", ("/api/", "/api/v1/", "/api/v2/reports", "/api/v1/reports/1", "/api/v1/%00"))
def test_an_unknown_address_is_a_404(sender: Client, path: str, method: str) -> None:
    problem_of(sender.generic(method, path), 404)


def test_an_unknown_address_elsewhere_is_a_page(sender: Client) -> None:
    assert sender.get("/apis/")["content-type"].startswith("text/html")


def test_a_foreign_host_is_a_400(sender: Client) -> None:
    problem_of(sender.get("/api/v1/openapi.json", headers={"Host": "elsewhere.example"}), 400)


def test_our_own_mistake_is_a_500_that_tells_no_secret(sender: Client) -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE intake_report RENAME TO mislaid")
    answer = sender.post(PATH, report_of(10), content_type="application/json")
    problem_of(answer, 500)
    assert not any(secret in answer.content.decode() for secret in ("Traceback", "intake_report", "psycopg", ".py"))
