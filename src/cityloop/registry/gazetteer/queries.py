"""Queries of the gazetteer for its page: entries by the beginning of their name, and counts by kind."""

from dataclasses import dataclass

from django.db.models import Count, Q

from cityloop.core.gazetteer.places import PlaceKind
from cityloop.registry.gazetteer.finding import key_of
from cityloop.registry.history.tables import PLACES
from cityloop.registry.models import Place

PAGE = 50


@dataclass(frozen=True, slots=True)
class ListedPlace:
    """An entry as the page lists it; `row_key` names its row in the history."""

    row_key: str
    kind: PlaceKind
    name: str
    aliases: tuple[str, ...]
    district: str
    lon: float
    lat: float
    spread_metres: float
    seen: int
    source: str


@dataclass(frozen=True, slots=True)
class PlaceList:
    """One page of entries; `next` is the key of the following page."""

    rows: tuple[ListedPlace, ...]
    next: str | None


def places(words: str, kind: str | None, after: str | None) -> PlaceList:
    """Return entries in the order they were saved: those whose name begins with the words, or with that alias."""
    rows = Place.objects.order_by("id")
    if key := key_of(words):
        rows = rows.filter(Q(key__startswith=key) | Q(aliases__contains=[key]))
    if kind:
        rows = rows.filter(kind=kind)
    if after and after.isdecimal() and len(after) < 19:
        rows = rows.filter(pk__gt=int(after))
    found = list(rows.defer("shape")[: PAGE + 1])
    more = str(found[PAGE - 1].pk) if len(found) > PAGE else None
    return PlaceList(tuple(_row(row) for row in found[:PAGE]), more)


def counts() -> dict[str, int]:
    """Return how many entries there are of each kind."""
    return dict(Place.objects.values_list("kind").annotate(number=Count("pk")).order_by("kind"))


def _row(row: Place) -> ListedPlace:
    return ListedPlace(
        row_key=PLACES.named({name: getattr(row, name) for name in PLACES.key}),
        kind=PlaceKind(row.kind),
        name=row.name,
        aliases=tuple(row.aliases),
        district=row.district,
        lon=row.lon,
        lat=row.lat,
        spread_metres=row.spread_metres,
        seen=row.seen,
        source=row.source,
    )
