"""Headers that answers are sent with: a page runs our scripts only, and no cache keeps what somebody signed in read."""

from collections.abc import Callable
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse

POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:{tiles}; connect-src 'self'{tiles}; "
    "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)


def policy(tiles: str) -> str:
    """Return the policy for the address of the map tiles: their host is the only other one that pages may load from."""
    parts = urlsplit(tiles)
    return POLICY.format(tiles=f" {parts.scheme}://{parts.netloc}" if parts.netloc else "")


class ContentSecurityPolicy:
    """Let a page run our own scripts only."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Content-Security-Policy", policy(settings.CITYLOOP.map_tiles))
        return response


class NoStore:
    """Keep what is shown to somebody signed in out of every cache, unless its view says otherwise."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if settings.SESSION_COOKIE_NAME in request.COOKIES or request.headers.get("Authorization"):
            response.headers.setdefault("Cache-Control", "no-store")
        return response
