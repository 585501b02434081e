"""The description of /ogc/ in OpenAPI 3.0: one path for every collection, because each has its own parameters."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.translation import gettext as _

from cityloop.presentation.features.collections import Collection
from cityloop.presentation.features.links import GEOJSON, HTML, JSON, OPENAPI
from cityloop.presentation.features.parameters import CRS84, DEFAULT, MOST
from cityloop.presentation.problems import CONTENT_TYPE

Schema = dict[str, Any]


def description(collections: Mapping[str, Collection], server: str) -> Schema:
    """Return the description for a reader of these collections."""
    paths = {
        "/": _path(_("Where everything begins"), {JSON: _ref("landingPage")}, [_f()]),
        "/conformance": _path(_("The standards it keeps"), {JSON: _ref("confClasses")}, [_f()]),
        "/api": _path(_("This description"), {OPENAPI: {"type": "object"}}, [_f()]),
        "/collections": _path(_("The collections"), {JSON: _ref("collections")}, [_f()]),
    }
    for collection in collections.values():
        at = f"/collections/{collection.id}"
        paths[at] = _path(collection.title, {JSON: _ref("collection")}, [_f()])
        items = [_f(), *_paging(), *(_equal(name) for name in collection.source.narrowed_by)]
        paths[f"{at}/items"] = _path(collection.title, {GEOJSON: _ref("featureCollectionGeoJSON")}, items)
        paths[f"{at}/items/{{featureId}}"] = _path(
            collection.title, {GEOJSON: _ref("featureGeoJSON")}, [_f(), _crs("crs"), _ID]
        )
    return {
        "openapi": "3.0.3",
        "info": {"title": "CityLoop 城治闭环", "version": "1", "description": _("The city as features, to be read.")},
        "servers": [{"url": server}],
        "paths": paths,
        "components": {
            "schemas": _SCHEMAS,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
        "security": [{}, {"token": []}],
    }


def _path(summary: str, content: Mapping[str, Schema], parameters: Iterable[Schema]) -> Schema:
    problem = {CONTENT_TYPE: {"schema": _ref("problem")}}
    good = {kind: {"schema": schema} for kind, schema in content.items()}
    answers = {
        "200": {"description": summary, "content": {**good, HTML: {"schema": {"type": "string"}}}},
        "304": {"description": _("Nothing has changed since")},
    }
    whys = {"400": _("A parameter is wrong"), "401": _("A token is needed"), "403": _("Not for this reader")}
    whys |= {"404": _("There is no such thing")}
    refused = {status: {"description": why, "content": problem} for status, why in whys.items()}
    return {"get": {"summary": summary, "parameters": list(parameters), "responses": {**answers, **refused}}}


def _query(name: str, schema: Schema, words: str) -> Schema:
    return {
        "name": name, "in": "query", "required": False, "schema": schema, "style": "form", "explode": False,
        "description": words,
    }  # fmt: skip


def _f() -> Schema:
    return _query("f", {"type": "string", "enum": ["json", "html"]}, _("A document or a page; else by Accept"))


def _crs(name: str) -> Schema:
    return _query(name, {"type": "string", "enum": [CRS84]}, _("Longitude and latitude of WGS-84"))


def _equal(name: str) -> Schema:
    return _query(name, {"type": "string"}, _("Only features whose property is this"))


def _paging() -> list[Schema]:
    box = {"type": "array", "minItems": 4, "maxItems": 6, "items": {"type": "number"}}
    count = {"type": "integer", "minimum": 1, "maximum": MOST, "default": DEFAULT}
    days = _("A moment or an interval, RFC 3339. Without it areas are those of today; ../.. gives those of every time")
    return [
        _query("limit", count, _("How many at most")),
        _query("bbox", box, _("West, south, east, north in degrees")),
        _crs("bbox-crs"),
        _crs("crs"),
        _query("datetime", {"type": "string"}, days),
        _query("after", {"type": "string"}, _("The last feature of the page before, as a next link says")),
    ]


def _ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def _object(required: Iterable[str], **properties: Schema) -> Schema:
    return {"type": "object", "required": list(required), "properties": properties}


_TEXT: Schema = {"type": "string"}
_ID = {"name": "featureId", "in": "path", "required": True, "schema": _TEXT}
_LINKS: Schema = {"type": "array", "items": _ref("link")}
_GEOMETRY: Schema = {
    "type": "object",
    "nullable": True,
    "required": ["type", "coordinates"],
    "properties": {
        "type": {"type": "string", "enum": ["Point", "Polygon", "MultiPolygon"]},
        "coordinates": {"type": "array", "items": {}},
    },
}
_FEATURE = _object(
    ("type", "geometry", "properties", "id"),
    type={"type": "string", "enum": ["Feature"]},
    id=_TEXT,
    geometry=_GEOMETRY,
    properties={"type": "object"},
    links=_LINKS,
)
_SCHEMAS: Schema = {
    "link": _object(("href", "rel", "type"), href=_TEXT, rel=_TEXT, type=_TEXT, title=_TEXT, hreflang=_TEXT),
    "landingPage": _object(("links",), title=_TEXT, description=_TEXT, links=_LINKS),
    "confClasses": _object(("conformsTo",), conformsTo={"type": "array", "items": _TEXT}),
    "collection": _object(("id", "links"), id=_TEXT, title=_TEXT, extent={"type": "object"}, links=_LINKS),
    "collections": _object(
        ("links", "collections"), links=_LINKS, collections={"type": "array", "items": _ref("collection")}
    ),
    "featureGeoJSON": _FEATURE,
    "featureCollectionGeoJSON": _object(
        ("type", "features", "links", "numberReturned"),
        type={"type": "string", "enum": ["FeatureCollection"]},
        features={"type": "array", "items": _ref("featureGeoJSON")},
        links=_LINKS,
        timeStamp={"type": "string", "format": "date-time"},
        numberMatched={"type": "integer", "minimum": 0},
        numberReturned={"type": "integer", "minimum": 0},
    ),
    "problem": _object(
        ("type", "title", "status", "detail"), type=_TEXT, title=_TEXT, status={"type": "integer"}, detail=_TEXT
    ),
}
