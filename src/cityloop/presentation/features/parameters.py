"""Read the query parameters of a request for features into a FeatureQuery. Nothing is looked up here."""

import math
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, tzinfo
from typing import Any, TypeVar

from django.http import HttpRequest, QueryDict

from cityloop.core.errors import Fault, Invalid
from cityloop.registry.published import Box, Days, FeatureQuery

CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
DEFAULT, MOST = 100, 10_000  # features of one page
ALWAYS = ("f",)
OF_ITEMS = ("limit", "bbox", "bbox-crs", "crs", "datetime", "after")
Value = TypeVar("Value")


def check_known(request: HttpRequest, *more: str) -> None:
    """Refuse parameters that are not offered at an address, as OGC API – Features 1 asks (7.8.2)."""
    known = (*ALWAYS, *more)
    offered = {"offered": ", ".join(known)}
    faults = [Fault(name, "unknown-parameter", offered) for name in request.GET if name not in known]
    faults += [Fault(name, "repeated-parameter") for name, values in request.GET.lists() if values[1:]]
    faults += [Fault(name, "unstorable-character") for name in request.GET if "\0" in request.GET[name]]
    if faults:
        raise Invalid(faults, code="wrong-parameter")


def check_crs(query: QueryDict) -> None:
    """Refuse every coordinate system but longitude and latitude of WGS-84."""
    invalid = [name for name in ("crs", "bbox-crs") if query.get(name, CRS84) != CRS84]
    if invalid:
        raise Invalid([Fault(name, "not-crs84", {"crs": CRS84}) for name in invalid], code="wrong-parameter")


def read(request: HttpRequest, narrowed_by: Sequence[str], zone: tzinfo, today: date | None) -> FeatureQuery:
    """Return the query of a request; raise Invalid naming every invalid parameter.

    Without a datetime it is `today`, where features are valid from one day to another.
    """
    check_known(request, *OF_ITEMS, *narrowed_by)
    check_crs(request.GET)
    faults: list[Fault] = []
    query: Mapping[str, Any] = request.GET
    days = _parsed(query, "datetime", lambda words: read_days(words, zone), faults)
    feature_query = FeatureQuery(
        equal={name: query[name] for name in narrowed_by if name in query},
        boxes=_parsed(query, "bbox", read_boxes, faults) or (),
        days=days or (today and (today, today)) or None,
        after=query.get("after", ""),
        limit=_parsed(query, "limit", read_limit, faults) or DEFAULT,
    )
    if faults:
        raise Invalid(faults, code="wrong-parameter")
    return feature_query


def read_limit(words: str) -> int:
    """Return how many features a page may have: at most MOST, whatever is requested."""
    if not (words.isascii() and words.isdecimal() and len(words) < 10 and int(words) >= 1):
        raise Invalid([Fault("limit", "not-a-whole-number", {"most": MOST})])
    return min(int(words), MOST)


def read_boxes(words: str) -> tuple[Box, ...]:
    """Return the box, or the two beside the antimeridian where west is greater than east; heights are ignored."""
    parts = [_degrees(part) for part in words.split(",")]
    if len(parts) not in (4, 6):
        raise Invalid([Fault("bbox", "not-a-box")])
    west, south, east, north = (
        parts[0],
        parts[1],
        parts[-2 if len(parts) == 4 else 3],
        parts[-1 if len(parts) == 4 else 4],
    )
    if south > north:
        raise Invalid([Fault("bbox", "north-below-south")])
    if west <= east:
        return ((west, south, east, north),)
    return ((west, south, 180.0, north), (-180.0, south, east, north))


def read_days(words: str, zone: tzinfo) -> Days:
    """Return the first and last day of a moment or an interval as RFC 3339 and ISO 8601 write them; .. is open."""
    first, slash, last = words.partition("/")
    if not slash:
        day = _day(first, zone)
        return day, day
    ends = tuple(None if end in ("", "..") else _day(end, zone) for end in (first, last))
    if ends[0] and ends[1] and ends[0] > ends[1]:
        raise Invalid([Fault("datetime", "ends-before-it-begins")])
    return ends[0], ends[1]


def _parsed(
    query: Mapping[str, Any], name: str, understood: Callable[[str], Value], faults: list[Fault]
) -> Value | None:
    if name not in query:
        return None
    try:
        return understood(query[name])
    except Invalid as refusal:
        faults.extend(refusal.faults)
        return None


def _degrees(words: str) -> float:
    try:
        number = float(words)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise Invalid([Fault("bbox", "not-numbers-of-degrees")])
    return number


def _day(words: str, zone: tzinfo) -> date:
    try:
        moment = datetime.fromisoformat(words)
        return moment.astimezone(zone).date() if moment.tzinfo else moment.date()
    except (ValueError, OverflowError):
        raise Invalid([Fault("datetime", "not-a-moment-or-two")]) from None
