"""The responses for errors outside any view: a program gets problem details, a person a page. Refusals: problems.py.

The root URLconf names the four handlers.
"""

import sys
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.views import defaults
from django.views.decorators.csrf import csrf_exempt

from cityloop.presentation.problems import problem, retry_later
from cityloop.runtime.outages import outage

View = Callable[..., HttpResponse]


def unreadable(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer a request that cannot be understood."""
    if is_of_a_program(request):
        return problem(400, "unreadable", "The request cannot be read.")
    return defaults.bad_request(request, exception)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer a request that is not allowed and that no refusal explains."""
    if is_of_a_program(request):
        return problem(403, "not-allowed", "You may not do this.")
    return defaults.permission_denied(request, exception)


def missing(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer a request for an address that does not exist."""
    if is_of_a_program(request):
        return problem(404, "no-such-address", "There is nothing at this address; see /api/v1/openapi.json.")
    return defaults.page_not_found(request, exception)


def broken(request: HttpRequest) -> HttpResponse:
    """Answer for an outage or a bug; what it was is in the log, not in the response."""
    if outage(sys.exception()):
        return _unavailable(request)
    if is_of_a_program(request):
        detail = "This is our mistake, not yours. Send the same again later: a report is taken once however often sent."
        return problem(500, "our-mistake", detail)
    return defaults.server_error(request)


def _unavailable(request: HttpRequest) -> HttpResponse:
    if is_of_a_program(request):
        return problem(503, "unavailable", "The database does not answer or a disk is full. Send the same again later.")
    return retry_later(defaults.server_error(request, "503.html"))


def only_problems(view: View) -> View:
    """Return the view with every method it does not offer answered by a problem, before the CSRF check."""

    @csrf_exempt
    @wraps(view)
    def answered(request: HttpRequest, *args: Any, **named: Any) -> HttpResponse:
        response = view(request, *args, **named)
        return _method_not_allowed(request, response["Allow"]) if response.status_code == 405 else response

    return answered


def _method_not_allowed(request: HttpRequest, allowed: str) -> HttpResponse:
    response = problem(405, "wrong-method", f"{request.method} is not offered at this address; {allowed} is.")
    response["Allow"] = allowed
    return response


def is_of_a_program(request: HttpRequest) -> bool:
    """Whether an address is answered for programs, with problem details instead of pages."""
    return request.path.startswith(("/api/", "/ogc/"))
