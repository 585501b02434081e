"""Links that leave the city's own pages: in documents of the API, and those that are sent to people."""

from django.conf import settings
from django.http import HttpRequest


def absolute(request: HttpRequest, address: str) -> str:
    """Return an address of this city with its scheme and host: those of CITYLOOP_ORIGIN, else those of the request."""
    origin: str = settings.CITYLOOP.origin
    return origin + address if origin else request.build_absolute_uri(address)
