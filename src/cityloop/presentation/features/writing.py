"""Write features as GeoJSON one after another, so that a long page needs no more memory than a short one."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import chain, islice
from typing import Any

from django.http import HttpRequest

from cityloop.presentation.features.collections import Collection, bounds
from cityloop.presentation.features.links import (
    GEOJSON,
    JSON,
    address,
    here,
    link,
    of_collection,
    of_feature,
    of_itself,
)
from cityloop.presentation.features.parameters import CRS84
from cityloop.registry.published import FeatureQuery, PublishedFeature


def described(request: HttpRequest, collection: Collection) -> dict[str, Any]:
    """Return a collection as /collections and its own address describe it."""
    box = bounds(collection)
    extent: dict[str, Any] = {"spatial": {"bbox": [list(box)], "crs": CRS84}} if box else {}
    if collection.has_days:
        extent["temporal"] = {"interval": [[None, None]]}
    return {
        "id": collection.id,
        "title": collection.title,
        "itemType": "feature",
        **({"extent": extent} if extent else {}),
        "crs": [CRS84],
        "storageCrs": CRS84,
        "links": of_collection(request, collection.id),
    }


def written(feature: PublishedFeature, **more: Any) -> str:
    """Return a feature as GeoJSON."""
    head = {"type": "Feature", "id": feature.id, "properties": feature.properties, **more}
    return f'{_json(head)[:-1]},"geometry":{feature.geometry or "null"}}}'


def one_feature(request: HttpRequest, collection: Collection, feature: PublishedFeature) -> str:
    """Return a feature with its links."""
    return written(feature, links=of_feature(request, collection.id))


def page(
    request: HttpRequest,
    collection: Collection,
    query: FeatureQuery,
    found: Iterator[PublishedFeature],
    matched: int | None,
    now: datetime,
) -> Iterator[str]:
    """Yield a page of a collection; `found` has one feature more than the page where a next page exists."""
    yield '{"type":"FeatureCollection","features":['
    number, last = 0, ""
    for number, feature in enumerate(islice(found, query.limit), start=1):
        yield ("," if number > 1 else "") + written(feature)
        last = feature.id
    links = [
        *of_itself(request, GEOJSON),
        link(address(request, "collection", collection.id), "collection", JSON, collection.title),
    ]
    if next(found, None):
        links.append(link(here(request, f="json", after=last), "next", GEOJSON))
    tail: dict[str, Any] = {"links": links, "timeStamp": now.astimezone(UTC).isoformat(timespec="milliseconds")}
    if matched is not None:
        tail["numberMatched"] = matched
    yield f"],{_json({**tail, 'numberReturned': number})[1:]}"


def with_next(collection: Collection, query: FeatureQuery) -> Iterator[PublishedFeature]:
    """Return the features of a page and, if it exists, the first of the next; the first is looked up at once.

    So a query that fails is answered by a problem and not by half a document.
    """
    found = collection.source.features(_one_more(query))
    first = next(found, None)
    return iter(()) if first is None else chain((first,), found)


def _one_more(query: FeatureQuery) -> FeatureQuery:
    return FeatureQuery(query.equal, query.boxes, query.days, query.after, query.limit + 1)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
