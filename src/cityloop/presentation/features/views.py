"""OGC API – Features, Part 1 (Core, GeoJSON, HTML, OpenAPI 3.0): the city for other systems, read-only.

Standard: OGC 17-069r4; of Part 2 (18-058r1) what a server with one coordinate system has. Who may read what is in
collections.py, queries are in parameters.py, GeoJSON is in writing.py.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.cache import get_conditional_response, patch_vary_headers
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from cityloop.core.actors import Actor
from cityloop.core.errors import Fault, Invalid, NotFound, Refusal
from cityloop.presentation.failures import only_problems
from cityloop.presentation.features import parameters
from cityloop.presentation.features import writing as features_writing
from cityloop.presentation.features.collections import Collection, NotSignedIn, collection, collections, reader
from cityloop.presentation.features.links import (
    GEOJSON,
    HTML,
    JSON,
    OPENAPI,
    address,
    of_itself,
    of_landing,
)
from cityloop.presentation.features.openapi import description
from cityloop.presentation.features.parameters import CRS84, check_crs, check_known
from cityloop.presentation.problems import problem, refused
from cityloop.registry.city.current import current_city
from cityloop.runtime import clock

_CLASSES = {
    "ogcapi-features-1/1.0": ("core", "oas30", "html", "geojson"),
    "ogcapi-features-2/1.0": ("crs",),
}
CONFORMS = [f"http://www.opengis.net/spec/{spec}/conf/{name}" for spec, names in _CLASSES.items() for name in names]
View = Callable[..., HttpResponseBase]


def _read_only(view: View) -> Callable[..., HttpResponse]:
    """Return the view for GET and HEAD only: a refusal becomes a problem, unchanged content a 304."""

    @wraps(view)
    def answered(request: HttpRequest, *names: str, **named: str) -> HttpResponseBase:
        try:
            actor = reader(request)
            # A page contains its reader's own CSRF token, so it is never cached.
            etag = None if _wants_page(request) else _etag(request, actor)
            fresh = etag and get_conditional_response(request, etag=etag)
            return _dressed(fresh or view(request, actor, *names, **named), actor, etag)
        except Refusal as refusal:
            return _refused(refusal)

    return only_problems(require_safe(answered))  # type: ignore[arg-type]


@_read_only
def landing(request: HttpRequest, actor: Actor | None) -> HttpResponseBase:
    """Show what this API is and where its links lead."""
    check_known(request)
    about = {"title": settings.CITYLOOP.city_name, "description": _("The city as features, to be read.")}
    return _answer(request, "landing", {**about, "links": of_landing(request)})


@_read_only
def conformance(request: HttpRequest, actor: Actor | None) -> HttpResponseBase:
    """List the conformance classes that are met."""
    check_known(request)
    return _answer(request, "conformance", {"links": of_itself(request), "conformsTo": CONFORMS})


@_read_only
def api(request: HttpRequest, actor: Actor | None) -> HttpResponseBase:
    """Describe the API as this reader may use it."""
    check_known(request)
    document = description(collections(actor), address(request, "landing").rstrip("/"))
    return _answer(request, "api", document, OPENAPI)


@_read_only
def list_collections(request: HttpRequest, actor: Actor | None) -> HttpResponseBase:
    """List the collections that this reader may read."""
    check_known(request)
    described = [features_writing.described(request, listed) for listed in collections(actor).values()]
    return _answer(request, "collections", {"links": of_itself(request), "collections": described})


@_read_only
def one_collection(request: HttpRequest, actor: Actor | None, name: str) -> HttpResponseBase:
    """Describe a collection."""
    check_known(request)
    return _answer(request, "collection", features_writing.described(request, collection(actor, name)))


@_read_only
def items(request: HttpRequest, actor: Actor | None, name: str) -> HttpResponseBase:
    """Return a page of a collection's features."""
    chosen = collection(actor, name)
    now = clock.now()
    today = now.astimezone(settings.CITYLOOP.zone).date() if chosen.has_days else None
    query = parameters.read(request, chosen.source.narrowed_by, settings.CITYLOOP.zone, today)
    found = features_writing.with_next(chosen, query)
    body = features_writing.page(request, chosen, query, found, chosen.source.count(query), now)
    if _wants_page(request):
        return _page(request, "items", {**json.loads("".join(body)), **_table(chosen)})
    return StreamingHttpResponse(body, content_type=GEOJSON)


@_read_only
def item(request: HttpRequest, actor: Actor | None, name: str, key: str) -> HttpResponseBase:
    """Return one feature."""
    check_known(request, "crs")
    check_crs(request.GET)
    chosen = collection(actor, name)
    feature = None if "\0" in key else chosen.source.feature(key)
    if feature is None:
        raise NotFound("no-such-feature", {"key": key, "collection": name})
    text = features_writing.one_feature(request, chosen, feature)
    if _wants_page(request):
        return _page(request, "item", {**json.loads(text), **_table(chosen)})
    return HttpResponse(text, content_type=GEOJSON)


def _table(chosen: Collection) -> Mapping[str, Any]:
    return {"collection": chosen, "columns": [name for name in chosen.source.properties if name != "code"]}


def _answer(request: HttpRequest, name: str, content: Mapping[str, Any], kind: str = JSON) -> HttpResponseBase:
    if _wants_page(request):
        return _page(request, name, content)
    return JsonResponse(content, content_type=kind, json_dumps_params={"ensure_ascii": False})


def _page(request: HttpRequest, name: str, content: Mapping[str, Any]) -> HttpResponseBase:
    other = next((link["href"] for link in content.get("links", ()) if link["rel"] == "self"), address(request, "api"))
    return render(request, f"ogc/{name}.html", {**content, "as_json": other})


def _wants_page(request: HttpRequest) -> bool:
    form = request.GET.get("f")
    if form not in (None, "json", "html"):
        raise Invalid([Fault("f", "not-json-or-html")], code="wrong-parameter")
    # What a machine accepts most often, */*, gets the first of these.
    return form == "html" or (form is None and request.get_preferred_type([JSON, GEOJSON, HTML]) == HTML)


def _dressed(response: HttpResponseBase, actor: Actor | None, etag: str | None) -> HttpResponseBase:
    if etag:
        response.headers["ETag"] = etag
    response.headers["Cache-Control"] = "no-cache" if actor is None else "private, no-cache"
    response.headers["Content-Crs"] = f"<{CRS84}>"
    patch_vary_headers(response, ("Accept", "Accept-Language", "Authorization", "Cookie"))
    return response


def _etag(request: HttpRequest, actor: Actor | None) -> str:
    """Return an ETag that changes with the city, the day, the language and what the reader may see."""
    city, today = current_city(), clock.now().astimezone(settings.CITYLOOP.zone).date()
    seen = (request.build_absolute_uri(), get_language(), bool(actor and actor.posts), today, city.layers)
    return f'W/"{city.revision}-{hashlib.sha256(repr(seen).encode()).hexdigest()[:24]}"'


def _refused(refusal: Refusal) -> HttpResponse:
    """Return a refusal as a problem: an invalid parameter is a bad request here, as the standard says."""
    if isinstance(refusal, Invalid):
        errors = [{"field": fault.field, "reason": fault.reason} for fault in refusal.faults]
        return problem(400, refusal.code, refusal.sentence, errors=errors)
    if isinstance(refusal, NotSignedIn):
        response = problem(401, refusal.code, refusal.sentence)
        response["WWW-Authenticate"] = "Bearer"
        return response
    return refused(refusal)
