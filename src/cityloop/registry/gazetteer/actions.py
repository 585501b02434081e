"""Change the gazetteer: entries set by an import or by hand, and entries learned from addresses with their points.

Homes are addresses: the gazetteer has roads, numbers, points and how often they were seen, never who lives there.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import shapely
from django.db import transaction

from cityloop.core.errors import NotFound
from cityloop.core.gazetteer.addresses.reading import Address
from cityloop.core.gazetteer.learning import Observation, agrees, learned, merged
from cityloop.core.gazetteer.places import Pair, PlaceEntry
from cityloop.registry.city.city import City
from cityloop.registry.city.current import current_city
from cityloop.registry.gazetteer import finding as gazetteer
from cityloop.registry.history.changes import STREAM, ChangeOutcome, TableChange, apply, read
from cityloop.registry.history.tables import PLACES, Values
from cityloop.runtime.log import events

SET, LEARNED = "PlacesSet", "PlacesLearned"
MOST_NUMBER = 2**31
CASES = "cases"  # the source of what closed cases taught


def set_places(
    entries: Sequence[PlaceEntry], by: str, now: datetime, *, source: str = "", into: int | None = None
) -> ChangeOutcome:
    """Save places as given, over what was known of them; doing it again changes nothing."""
    once = {place.identity: place for place in entries}.values()
    return apply([TableChange(PLACES, [values(place) for place in once])], by, now, SET, source=source, into=into)


def remove_place(key: str, by: str, now: datetime) -> ChangeOutcome:
    """Remove an entry by the key of its row; raise NotFound if there is none."""
    if not _is_key(key) or not read(PLACES, [key]):
        raise NotFound("no-such-entry")
    return apply([TableChange(PLACES, removed=[key])], by, now, SET)


@transaction.atomic
def learn(
    observations: Iterable[Observation],
    by: str,
    now: datetime,
    *,
    source: str = CASES,
    details: Mapping[str, Any] | None = None,
) -> ChangeOutcome:
    """Add what observations teach to the known entries; imported ones stay as they are.

    The same observations a second time count a second time: the caller must not hand them in twice.
    """
    events.locked(STREAM)  # before the known entries are read
    new = {PLACES.named(values(place)): place for place in learned(observations, source)}
    known = read(PLACES, new)
    wanted = [_merged(known[key], place) if key in known else place for key, place in new.items()]
    rows = [values(place) for place in wanted if place is not None]
    return apply([TableChange(PLACES, rows)], by, now, LEARNED, source=source, details=details)


def _merged(row: Values, new: PlaceEntry) -> PlaceEntry | None:
    """Return a learned entry with what was learned since; None if an import gave the place."""
    if row["source"] != new.source:
        return None
    known = replace(new, **{name: row[name] for name in ("lon", "lat", "spread_metres", "seen", "name")})
    return merged(known, new)


def observed(address: Address, point: Pair, city: City | None = None) -> Observation | None:
    """Return an address with its point; None if the point lies outside the district that the address names."""
    city = city or current_city()
    areas = city.areas_at(*point)
    places = gazetteer.places(city)
    named = {area.code for name in address.areas for area in places.areas(name) if area.is_district}
    if not agrees(named, areas.get("district", ""), lambda code: _distance(code, point, city)):
        return None
    return Observation(address, point, areas.get("district", ""), areas.get("community", ""))


def _distance(code: str, point: Pair, city: City) -> float:
    """Return the distance in degrees of a point from an area."""
    return float(shapely.distance(shapely.from_wkb(city.shapes[code]), shapely.Point(point)))


def _is_key(key: str) -> bool:
    """Return whether a text is the key of a row: texts and a number, as PLACES names them."""
    try:
        parts = json.loads(key)
    except ValueError:
        return False
    if not isinstance(parts, list) or len(parts) != len(PLACES.key):
        return False
    return all(
        isinstance(part, int) and abs(part) < MOST_NUMBER
        if name == "number"
        else isinstance(part, str) and "\x00" not in part
        for name, part in zip(PLACES.key, parts, strict=True)
    )


def values(place: PlaceEntry) -> dict[str, Any]:
    """Return an entry as a row."""
    return {
        "kind": place.kind.value,
        "key": place.key,
        "district": place.district,
        "number": place.number,
        "suffix": place.suffix,
        "name": place.name,
        "aliases": list(place.aliases),
        "community": place.community,
        "lon": round(place.lon, 7),
        "lat": round(place.lat, 7),
        "spread_metres": place.spread_metres,
        "seen": place.seen,
        "shape": place.shape,
        "source": place.source,
    }
