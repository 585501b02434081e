"""Answering htmx: the same view serves the page and its fragment, and a redirect moves the whole browser."""

from collections.abc import Callable, Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers


def wants_fragment(request: HttpRequest) -> bool:
    """Return whether htmx sent the request and will put the response into the page."""
    return request.headers.get("HX-Request") == "true"


def render_part(request: HttpRequest, name: str, context: Mapping[str, Any], status: int = 200) -> HttpResponse:
    """Render workbench/<name>.html, or only workbench/<name>_body.html where a fragment is wanted."""
    part = f"{name}_body" if wants_fragment(request) else name
    response = render(request, f"workbench/{part}.html", dict(context), status=status)
    patch_vary_headers(response, ["HX-Request"])
    return response


class BrowserRedirects:
    """Turn a redirect of an htmx request into one of the browser, so that no sign-in page lands inside a case."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if wants_fragment(request) and response.status_code in (301, 302, 303):
            return HttpResponse(status=200, headers={"HX-Redirect": response["Location"]})
        return response
