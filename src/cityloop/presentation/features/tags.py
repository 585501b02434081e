"""How features are shown on a page: their values in a row, their shapes on a map. Nothing is looked up here."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from django import template
from django.utils.html import json_script

register = template.Library()


@register.filter
def values(feature: Mapping[str, Any], columns: Sequence[str]) -> list[str]:
    """The values of a feature in the order of the columns; no value is an empty cell."""
    values = (feature["properties"].get(name) for name in columns)
    return ["" if value is None else "、".join(value) if isinstance(value, list) else str(value) for value in values]


@register.filter
def as_layer(features: Sequence[Mapping[str, Any]], title: str) -> str:
    """The one layer of a map that shows features."""
    return _layers({"title": title, "label": "name"}, features)


@register.filter
def as_one_layer(geometry: Mapping[str, Any], properties: Mapping[str, Any]) -> str:
    """The layer of a map that shows one feature; its name is above the map."""
    return _layers({}, [{"type": "Feature", "geometry": geometry, "properties": properties}])


@register.filter
def as_page(address: str) -> str:
    """The same address as an HTML page."""
    parts = urlsplit(address)
    query = [*((name, value) for name, value in parse_qsl(parts.query) if name != "f"), ("f", "html")]
    return urlunsplit(parts._replace(query=urlencode(query)))


def _layers(layer: Mapping[str, Any], features: Sequence[Mapping[str, Any]]) -> str:
    return json_script({"layers": [{**layer, "data": {"type": "FeatureCollection", "features": features}}]})
