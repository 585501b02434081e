"""Refusals as HTTP: one table of statuses, and problem details as RFC 9457 describes them."""

import math
from datetime import datetime
from typing import Any, TypeVar

from django.http import HttpResponse, JsonResponse

from cityloop.core.errors import Conflict, Invalid, Locked, NotAllowed, NotFound, NotPossible, Refusal, Unavailable
from cityloop.runtime.outages import RETRY_SECONDS

Response = TypeVar("Response", bound=HttpResponse)
CONTENT_TYPE = "application/problem+json"

STATUSES: dict[type[Refusal], int] = {
    Invalid: 422,
    NotAllowed: 403,
    NotFound: 404,
    Conflict: 409,
    Unavailable: 503,
    Locked: 429,
    NotPossible: 409,
}
TITLES = {
    400: "The request cannot be read",
    401: "Nobody is signed in",
    403: "You may not do this",
    404: "Not found",
    405: "The method is not offered here",
    408: "The request came too slowly",
    409: "It cannot be done now",
    413: "The request is too large",
    422: "What was supplied is wrong",
    429: "Too many attempts",
    500: "Something went wrong here",
    503: "Out of service for the moment",
}


def status_of(refusal: Refusal) -> int:
    """Return the HTTP status of a refusal."""
    return next(status for kind, status in STATUSES.items() if isinstance(refusal, kind))


def problem(status: int, code: str, detail: str, **more: Any) -> JsonResponse:
    """Return a problem document: type, title, status, detail, and what else helps the sender."""
    body = {"type": f"urn:cityloop:problem:{code}", "title": TITLES[status], "status": status, "detail": detail}
    response = JsonResponse(
        {**body, **more}, status=status, content_type=CONTENT_TYPE, json_dumps_params={"ensure_ascii": False}
    )
    return retry_later(response) if status == 503 else response


def retry_later(response: Response) -> Response:
    """Return the response with status 503 and the time after which to try again."""
    response.status_code, response["Retry-After"] = 503, str(RETRY_SECONDS)
    return response


def wait_until(response: Response, refusal: Locked, now: datetime) -> Response:
    """Return the response with status 429 and the seconds until the refusal's moment."""
    seconds = max(1, math.ceil((refusal.until - now).total_seconds()))
    response.status_code, response["Retry-After"] = 429, str(seconds)
    return response


def refused(refusal: Refusal) -> JsonResponse:
    """Return the problem document of a refusal; an Invalid one lists every field and its reason."""
    more = {}
    if isinstance(refusal, Invalid):
        more["errors"] = [{"field": fault.field, "reason": fault.reason} for fault in refusal.faults]
    return problem(status_of(refusal), refusal.code, refusal.sentence, **more)
