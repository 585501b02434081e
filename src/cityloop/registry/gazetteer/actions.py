"""Every write of the gazetteer: entries set by an import or by hand, and what addresses with their points teach.

Homes are addresses: the gazetteer keeps roads, numbers and points with how often they were seen, never whose they are.
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
    """Enter places as they are given, over what was known of them; doing it again changes nothing."""
    return apply([TableChange(PLACES, [values(one) for one in _once(entries)])], by, now, SET, source=source, into=into)


def remove_place(key: str, by: str, now: datetime) -> ChangeOutcome:
    """Remove an entry, by the key of its row; NotFound where there is none."""
    if not _is_key(key) or not read(PLACES, [key]):
        raise NotFound("no-such-entry", "There is no such entry in the gazetteer.")
    return apply([TableChange(PLACES, gone=[key])], by, now, SET)


@transaction.atomic
def learn(
    observations: Iterable[Observation],
    by: str,
    now: datetime,
    *,
    source: str = CASES,
    told: Mapping[str, Any] | None = None,
) -> ChangeOutcome:
    """Add what observations teach to what is known; what was imported stays as it is.

    The same observations a second time count a second time: who hands them in sees to that.
    """
    events.locked(STREAM)  # before what is known is read
    new = {PLACES.named(values(one)): one for one in learned(observations, source)}
    known = read(PLACES, new)
    wanted = [_merged(known[key], one) if key in known else one for key, one in new.items()]
    rows = [values(one) for one in wanted if one is not None]
    return apply([TableChange(PLACES, rows)], by, now, LEARNED, source=source, details=told)


def _merged(row: Values, new: PlaceEntry) -> PlaceEntry | None:
    """Return a learned entry with what was learned since; None where an import knows the place better."""
    if row["source"] != new.source:
        return None
    known = replace(new, **{name: row[name] for name in ("lon", "lat", "spread_metres", "seen", "name")})
    return merged(known, new)


def observed(address: Address, point: Pair, city: City | None = None) -> Observation | None:
    """Return an address with its point; None where the point lies outside the district that the address names."""
    city = city or current_city()
    areas = city.areas_at(*point)
    places = gazetteer.places(city)
    named = {area.code for name in address.areas for area in places.areas(name) if area.is_district}
    if not agrees(named, areas.get("district", ""), lambda code: _away(code, point, city)):
        return None
    return Observation(address, point, areas.get("district", ""), areas.get("community", ""))


def _away(code: str, point: Pair, city: City) -> float:
    return float(shapely.distance(shapely.from_wkb(city.shapes[code]), shapely.Point(point)))


def _is_key(key: str) -> bool:
    """Return whether words are the key of a row: texts and a number, as PLACES names them."""
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


def values(one: PlaceEntry) -> dict[str, Any]:
    """Return an entry as a row."""
    return {
        "kind": one.kind.value,
        "key": one.key,
        "district": one.district,
        "number": one.number,
        "suffix": one.suffix,
        "name": one.name,
        "aliases": list(one.aliases),
        "community": one.community,
        "lon": round(one.lon, 7),
        "lat": round(one.lat, 7),
        "spread_metres": one.spread_metres,
        "seen": one.seen,
        "shape": one.shape,
        "source": one.source,
    }


def _once(entries: Iterable[PlaceEntry]) -> list[PlaceEntry]:
    return list({one.identity: one for one in entries}.values())
