"""Queries of facilities: by id, near a place, as a list with filters, and the classes they may have.

All of them work with a million rows: each reads an index, and a page of a list begins after a key.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import QuerySet
from django.db.models.fields.json import KT
from django.db.models.functions import Collate

from cityloop.core.codes.classes import HOME, ClassKey, class_key
from cityloop.core.place.distances import box, metres
from cityloop.core.place.responsibility import FacilityUnits
from cityloop.registry.city.current import current_city
from cityloop.registry.models import Facility

PAGE = 50
NEAR_METRES, NEAR = 200.0, 5  # how far around a place facilities are offered, and how many
AT_METRES = 15.0
LAST = "\U0010ffff"  # after every other character
ABNORMAL = "05"  # up to this major class a matter of GB/T 47678.5 is about the component of the same code

# The few classes there are, each found by one step down the index: a DISTINCT would read every row.
_CLASSES = """
    WITH RECURSIVE found AS (
        (SELECT category FROM registry_facility ORDER BY category LIMIT 1)
        UNION ALL
        SELECT (SELECT category FROM registry_facility AS next WHERE next.category > found.category
                 ORDER BY category LIMIT 1)
          FROM found WHERE found.category IS NOT NULL
    )
    SELECT category FROM found WHERE category IS NOT NULL
"""


@dataclass(frozen=True, slots=True)
class NearFacility:
    """A facility and its distance from a place."""

    code: str
    name: str
    category: str
    state: str
    lon: float
    lat: float
    metres: float


@dataclass(frozen=True, slots=True)
class Tie:
    """What a case takes over from its facility: the place, if it has one, and the units."""

    code: str
    lon: float | None
    lat: float | None
    units: FacilityUnits


@dataclass(frozen=True, slots=True)
class FacilityFilters:
    """The filters of a list of facilities; None means all."""

    category: str | None = None
    state: str | None = None
    district: str | None = None
    words: str | None = None


@dataclass(frozen=True, slots=True)
class FacilityList:
    """One page of facilities; `next` is the id after which the next page begins, None at the end."""

    rows: tuple[Facility, ...]
    next: str | None


def component_names() -> dict[str, dict[str, str]]:
    """Return the names of the classes of components by catalogue and code."""
    found: dict[str, dict[str, str]] = {}
    for category in current_city().classes.values():
        if category.kind == "component":
            found.setdefault(category.catalogue, {})[category.code] = category.name
    return found


def successors(catalogue: str) -> dict[str, list[str]]:
    """Return the successors of a catalogue's classes of components in the present one, by their code."""
    crosswalk, found = current_city().crosswalk, {}
    for code in component_names().get(catalogue, {}):
        onward = crosswalk.successors(ClassKey(catalogue, "component", code), HOME, "component")
        found[code] = [key.code for key in onward.classes] if onward else []
    return found


def component_of(reference: str) -> ClassKey | None:
    """Return the class of components that a class is about, or None; a class of components is about itself."""
    try:
        key = class_key(reference)
    except ValueError:
        return None
    is_about_component = key.catalogue == HOME and key.code[:2] <= ABNORMAL
    return key if key.kind == "component" else ClassKey(HOME, "component", key.code) if is_about_component else None


def alike(key: ClassKey) -> list[str]:
    """Return the codes of a class of components and of its predecessors in older lists: a census may have them."""
    older = (former.code for former in current_city().crosswalk.predecessors(key) if former.kind == "component")
    return list(dict.fromkeys((key.code, *older)))


def nearest(
    category: str, lon: float, lat: float, radius_metres: float = NEAR_METRES, limit: int = NEAR
) -> list[NearFacility]:
    """Return the facilities of a class within a radius, without removed ones, the nearest first."""
    west, south, east, north = box(lon, lat, radius_metres)
    rows = Facility.objects.filter(category=category, lat__range=(south, north), lon__range=(west, east))
    return _sorted(rows.exclude(state="removed"), lon, lat, radius_metres, limit)


def nearest_alike(reference: str, lon: float, lat: float) -> list[NearFacility]:
    """Return the nearest facilities that a class may be about, whatever list their ids come from."""
    key = component_of(reference)
    found = [near for code in alike(key) for near in nearest(code, lon, lat)] if key else []
    return sorted(found, key=lambda near: near.metres)[:NEAR]


def at(lon: float, lat: float, radius_metres: float = AT_METRES, limit: int = NEAR) -> list[NearFacility]:
    """Return the facilities of any class at a place, the nearest first."""
    west, south, east, north = box(lon, lat, radius_metres)
    rows = Facility.objects.filter(lat__range=(south, north), lon__range=(west, east))
    return _sorted(rows, lon, lat, radius_metres, limit)


def _sorted(rows: Any, lon: float, lat: float, radius_metres: float, limit: int) -> list[NearFacility]:
    values = rows.values_list("code", "name", "category", "state", "lon", "lat")
    found = [
        NearFacility(code, name, category, state, east, north, metres(lon, lat, east, north))
        for code, name, category, state, east, north in values
    ]
    inside = [near for near in found if near.metres <= radius_metres]
    return sorted(inside, key=lambda near: (near.metres, near.code))[:limit]


def ties(codes: Sequence[str]) -> dict[str, Tie]:
    """Return what cases take over from facilities, by id; unknown ids are left out."""
    if not codes:
        return {}
    rows = Facility.objects.filter(code__in=set(codes))
    values = rows.values_list("code", "lon", "lat", "maintainer", "owner", "authority")
    return {code: Tie(code, lon, lat, FacilityUnits(*units)) for code, lon, lat, *units in values}


def facility(code: str) -> Facility | None:
    """Return the facility with an id."""
    return Facility.objects.filter(code=code).first()


def facility_name(code: str) -> str:
    """Return the name of a facility; "" if none has that id."""
    return Facility.objects.filter(code=code).values_list("name", flat=True).first() or ""


def facilities(filters: FacilityFilters, after: str | None) -> FacilityList:
    """Return a page of the facilities that fit the filters, by id; if found by name, by name and id."""
    rows, words = _filtered(filters), filters.words or ""
    found: Sequence[Facility]
    if words and not words.isdecimal():
        found = _by_name(rows, words, after)
    elif words:
        found = list(_after(rows.filter(code__startswith=words), after)[: PAGE + 1])
    else:
        found = list(_after(rows, after)[: PAGE + 1])
    return FacilityList(tuple(found[:PAGE]), found[PAGE - 1].code if len(found) > PAGE else None)


def _after(rows: QuerySet[Facility], after: str | None) -> QuerySet[Facility]:
    return (rows.filter(code__gt=after) if after else rows).order_by("code")


def _by_name(rows: QuerySet[Facility], words: str, after: str | None) -> Sequence[Facility]:
    """Return a page of facilities whose name begins with the words, by name: most of a class share one name.

    By id, the few classes that fit would be far apart in the index.
    """
    named = rows.alias(sorted=Collate("name", "C")).filter(sorted__gte=words, sorted__lt=words + LAST)
    last = facility_name(after) if after else ""
    if not last:
        return list(named.order_by("sorted", "code")[: PAGE + 1])
    # Two ranges of the index: with an "or" of both it would be read from its beginning.
    found = list(named.filter(sorted=last, code__gt=after).order_by("code")[: PAGE + 1])
    more = named.filter(sorted__gt=last).order_by("sorted", "code")
    return found + list(more[: PAGE + 1 - len(found)]) if len(found) <= PAGE else found


def classes_in_use() -> dict[str, str]:
    """Return the classes that facilities have, with their names."""
    with connection.cursor() as cursor:
        cursor.execute(_CLASSES)
        codes = [code for (code,) in cursor.fetchall()]
    names = {code: name for own in component_names().values() for code, name in own.items()}
    return {code: names.get(code, code) for code in codes}


def _filtered(filters: FacilityFilters) -> QuerySet[Facility]:
    rows = Facility.objects.all()
    if filters.category:
        rows = rows.filter(category=filters.category)
    if filters.state:
        rows = rows.filter(state=filters.state)
    if filters.district:
        rows = rows.alias(district=KT("areas__district")).filter(district=filters.district)
    return rows
