"""Every failure under /api/ is answered by problem details as RFC 9457 describes them."""

import errno
import json
import logging
from collections.abc import Iterator
from typing import Any
from unittest.mock import Mock

import psycopg
import pytest
from django.conf import settings
from django.db import OperationalError, connection
from django.test import Client

from cityloop.casework.models import Case
from cityloop.registry.people import accounts
from cityloop.runtime.outages import OneLine
from cityloop.runtime.postgres.faults import disk_full
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


@pytest.fixture
def away(city: SmallCity) -> Iterator[None]:
    """A database that was shut down."""

    def refuse(*_: Any) -> None:
        raise OperationalError("it ended") from psycopg.errors.AdminShutdown("terminating connection\nby command")

    with connection.execute_wrapper(refuse):
        yield


@pytest.mark.parametrize("path", [PATH, "/ogc/collections/facilities/items"])
def test_without_its_database_the_interface_is_a_503_that_says_when_to_come_back(
    sender: Client, away: None, path: str
) -> None:
    answer = sender.generic("POST" if path == PATH else "GET", path, report_of(10), content_type="application/json")
    assert problem_of(answer, 503)["title"] == "Out of service for the moment"
    assert answer["Retry-After"] == "5"


@pytest.mark.usefixtures("away")
@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_without_its_database_a_page_is_a_503_in_the_readers_language(language: str) -> None:
    client = Client(raise_request_exception=False)
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = language
    answer = client.post("/sign-in/", {"username": "a", "password": "b"})
    assert (answer.status_code, answer["Retry-After"]) == (503, "5")
    assert {"en": "Out of service", "zh-hans": "暂时无法使用"}[language] in answer.content.decode()


def test_a_full_disk_is_a_503_and_a_bug_of_the_database_stays_a_500(sender: Client, monkeypatch) -> None:
    for error, status in (
        (disk_full(settings.CITYLOOP.home_folder), 503),
        (OSError(errno.ENOSPC, "No space left on device"), 503),
        (OperationalError("deadlock detected"), 500),
        (OSError(errno.EBADF, "Bad file descriptor"), 500),
    ):
        monkeypatch.setattr("cityloop.presentation.api.v1.receive", Mock(side_effect=error))
        problem_of(sender.post(PATH, report_of(10), content_type="application/json"), status)


def test_an_outage_is_one_line_of_the_log_and_not_written_again_for_a_minute() -> None:
    log = OneLine()
    error = psycopg.OperationalError("connection failed:\n  refused")
    facts = {
        "name": "django.request",
        "msg": "%s: %s",
        "levelno": logging.ERROR,
        "exc_info": (type(error), error, None),
    }
    first, second = (logging.makeLogRecord({**facts, "args": ("Service Unavailable", "/")}) for _ in range(2))
    assert (log.filter(first), log.filter(second)) == (True, False)
    assert (first.getMessage(), first.exc_info) == ("Service Unavailable: /: connection failed: refused", None)
    of_pool = {"name": "psycopg.pool", "msg": "error connecting in %r: %s", "args": ("pool-2", error), "exc_info": None}
    third, fourth = (logging.makeLogRecord({**facts, **of_pool}) for _ in range(2))
    assert (log.filter(third), log.filter(fourth)) == (True, False)
    assert third.getMessage() == "error connecting in 'pool-2': connection failed: refused"
    bug = logging.makeLogRecord({**facts, "exc_info": (ValueError, ValueError(), None)})
    assert log.filter(bug)
    assert bug.exc_info


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
