"""The addresses under /ogc/ and the links between them, absolute, each with its relation and its media type."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from cityloop.presentation.links import absolute

JSON, GEOJSON, HTML = "application/json", "application/geo+json", "text/html"
OPENAPI = "application/vnd.oai.openapi+json;version=3.0"
Link = Mapping[str, str]


def address(request: HttpRequest, name: str, *parts: str, **query: str) -> str:
    """Return the absolute address of a page under /ogc/."""
    words = request.GET.copy()
    words.clear()
    words.update(query)
    query_string = f"?{words.urlencode()}" if query else ""
    return absolute(request, reverse(f"features:{name}", args=parts) + query_string)


def link(href: str, rel: str, kind: str, title: str = "") -> Link:
    """Return a link as every document contains it."""
    return {"href": href, "rel": rel, "type": kind, "title": title, "hreflang": get_language() or "zh-hans"}


def of_itself(request: HttpRequest, kind: str = JSON, **changed: str) -> list[Link]:
    """Return the links of a document to itself and to its HTML page."""
    return [
        link(here(request, f="json", **changed), "self", kind, _("This document")),
        link(here(request, f="html", **changed), "alternate", HTML, _("This document as a page")),
    ]


def here(request: HttpRequest, **changed: str) -> str:
    """Return the requested address with some parameters changed."""
    words = request.GET.copy()
    for name, value in changed.items():
        words[name] = value
    return absolute(request, f"{request.path}?{words.urlencode()}")


def of_collection(request: HttpRequest, name: str) -> list[Link]:
    """Return the links of a collection to itself and to its features."""
    return [
        link(address(request, "collection", name, f="json"), "self", JSON, _("This collection")),
        link(address(request, "collection", name, f="html"), "alternate", HTML, _("This collection as a page")),
        link(address(request, "items", name, f="json"), "items", GEOJSON, _("Its features")),
        link(address(request, "items", name, f="html"), "items", HTML, _("Its features as a page")),
    ]


def of_landing(request: HttpRequest) -> list[Link]:
    """Return the links that lead into the interface."""
    return [
        *of_itself(request),
        link(address(request, "api"), "service-desc", OPENAPI, _("The interface described, OpenAPI 3.0")),
        link(address(request, "api", f="html"), "service-doc", HTML, _("The interface described, as a page")),
        link(address(request, "conformance"), "conformance", JSON, _("The standards it keeps")),
        link(address(request, "collections"), "data", JSON, _("The collections")),
    ]


def of_feature(request: HttpRequest, collection: str) -> list[dict[str, Any]]:
    """Return the links of a feature to itself, to its page and to its collection."""
    whole = link(address(request, "collection", collection, f="json"), "collection", JSON, _("Its collection"))
    return [dict(entry) for entry in (*of_itself(request, GEOJSON), whole)]
