"""Features written as GeoJSON, one after the other, so that a long page needs no more memory than a short one."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import chain, islice
from typing import Any

from django.http import HttpRequest

from cityloop.presentation.features.asked import CRS84
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
from cityloop.registry.published import FeatureQuery, PublishedFeature


def described(request: HttpRequest, one: Collection) -> dict[str, Any]:
    """Return a collection as /collections and its own address describe it."""
    box = bounds(one)
    extent: dict[str, Any] = {"spatial": {"bbox": [list(box)], "crs": CRS84}} if box else {}
    if one.has_days:
        extent["temporal"] = {"interval": [[None, None]]}
    return {
        "id": one.id,
        "title": one.title,
        "itemType": "feature",
        **({"extent": extent} if extent else {}),
        "crs": [CRS84],
        "storageCrs": CRS84,
        "links": of_collection(request, one.id),
    }


def written(feature: PublishedFeature, **more: Any) -> str:
    """Return a feature as GeoJSON."""
    head = {"type": "Feature", "id": feature.id, "properties": feature.properties, **more}
    return f'{_json(head)[:-1]},"geometry":{feature.geometry or "null"}}}'


def one_feature(request: HttpRequest, one: Collection, feature: PublishedFeature) -> str:
    """Return a feature with its links."""
    return written(feature, links=of_feature(request, one.id))


def page(
    request: HttpRequest,
    one: Collection,
    asked: FeatureQuery,
    found: Iterator[PublishedFeature],
    matched: int | None,
    now: datetime,
) -> Iterator[str]:
    """Yield a page of a collection; `found` holds one more than the page where there is a next one."""
    yield '{"type":"FeatureCollection","features":['
    number, last = 0, ""
    for number, feature in enumerate(islice(found, asked.limit), start=1):
        yield ("," if number > 1 else "") + written(feature)
        last = feature.id
    links = [*of_itself(request, GEOJSON), link(address(request, "collection", one.id), "collection", JSON, one.title)]
    if next(found, None):
        links.append(link(here(request, f="json", after=last), "next", GEOJSON))
    tail: dict[str, Any] = {"links": links, "timeStamp": now.astimezone(UTC).isoformat(timespec="milliseconds")}
    if matched is not None:
        tail["numberMatched"] = matched
    yield f"],{_json({**tail, 'numberReturned': number})[1:]}"


def with_next(one: Collection, asked: FeatureQuery) -> Iterator[PublishedFeature]:
    """Return the features of a page and, if there is one, the first of the next; the first is looked up at once.

    What fails then is still answered by a problem, and not by half a document.
    """
    found = one.source.features(_one_more(asked))
    first = next(found, None)
    return iter(()) if first is None else chain((first,), found)


def _one_more(asked: FeatureQuery) -> FeatureQuery:
    return FeatureQuery(asked.equal, asked.boxes, asked.days, asked.after, asked.limit + 1)


def _json(said: Any) -> str:
    return json.dumps(said, ensure_ascii=False, separators=(",", ":"))
