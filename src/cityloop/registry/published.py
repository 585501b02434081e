"""The city for other programs: areas, facilities and places as features, page by page in the order of their keys.

presentation/features decides who may read what, and in which format. Owners and their telephones are never included.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Protocol, TypeVar

import shapely
from django.db.models import Max, Min, Model, Q, QuerySet
from shapely.geometry.base import BaseGeometry

from cityloop.registry.city.city import City
from cityloop.registry.city.facts import AreaFacts
from cityloop.registry.models import Facility, Place

Box = tuple[float, float, float, float]  # west, south, east, north
Days = tuple[date | None, date | None]  # first and last; None: open
Row = TypeVar("Row", bound=Model)

COUNTED = 100_000  # more matches are not counted: that would take longer than reading a page
DIGITS = 7  # of a degree: a centimetre


@dataclass(frozen=True, slots=True)
class FeatureQuery:
    """A query to a source: properties equal to values, somewhere in the boxes, on the days, after a key."""

    equal: Mapping[str, str] = field(default_factory=dict)
    boxes: tuple[Box, ...] = ()  # none: anywhere
    days: Days | None = None
    after: str = ""
    limit: int = 100


@dataclass(frozen=True, slots=True)
class PublishedFeature:
    """One row as a feature; the geometry is GeoJSON text, None where the row has no place."""

    id: str
    geometry: str | None
    properties: Mapping[str, Any]


_frames: tuple[City, Mapping[str, Box]] | None = None


def frames(city: City) -> Mapping[str, Box]:
    """Return the bounds of every area; calculated once for each city in memory."""
    global _frames  # noqa: PLW0603  # one city a process
    if _frames is None or _frames[0] is not city:
        _frames = (city, {code: shapely.from_wkb(shape).bounds for code, shape in city.shapes.items()})
    return _frames[1]


class FeatureSource(Protocol):
    """Where the features of a collection come from."""

    @property
    def properties(self) -> tuple[str, ...]:
        """The names of the properties of its features."""

    @property
    def narrowed_by(self) -> tuple[str, ...]:
        """The properties that a query may name."""

    def count(self, query: FeatureQuery) -> int | None:
        """Return how many match, wherever the page begins; None for too many to count."""

    def features(self, query: FeatureQuery) -> Iterator[PublishedFeature]:
        """Yield those that match after the key, up to the limit."""

    def feature(self, key: str) -> PublishedFeature | None:
        """Return the feature of a key, whatever its days."""

    def bounds(self) -> Box | None:
        """Return the box around all of them; None where there are none."""


@dataclass(frozen=True, slots=True)
class AreaSource:
    """Areas of the city in memory; `where` narrows them by level and code."""

    city: City
    where: Mapping[str, Sequence[str]]
    properties: tuple[str, ...] = ("code", "name", "level", "parent", "grade", "valid_from", "valid_until")
    narrowed_by: tuple[str, ...] = ("code", "name", "parent", "grade")

    def count(self, query: FeatureQuery) -> int | None:
        return sum(1 for _ in self._matching(query))

    def features(self, query: FeatureQuery) -> Iterator[PublishedFeature]:
        following = (area for area in self._matching(query) if area.code > query.after)
        for _, area in zip(range(query.limit), following, strict=False):
            yield self._feature(area)

    def feature(self, key: str) -> PublishedFeature | None:
        area = self.city.areas.get(key)
        return self._feature(area) if area and self._is_here(area) else None

    def bounds(self) -> Box | None:
        boxes = [frames(self.city)[code] for code, area in self.city.areas.items() if self._is_here(area)]
        if not boxes:
            return None
        west, south, east, north = zip(*boxes, strict=True)
        return min(west), min(south), max(east), max(north)

    def _matching(self, query: FeatureQuery) -> Iterator[AreaFacts]:
        windows = [(box, shapely.box(*box)) for box in query.boxes]
        for code in sorted(self.city.areas):
            area = self.city.areas[code]
            if self._is_here(area) and _matches(area, query) and (not windows or self._touches(code, windows)):
                yield area

    def _is_here(self, area: AreaFacts) -> bool:
        return all(getattr(area, name) in values for name, values in self.where.items())

    def _touches(self, code: str, windows: Sequence[tuple[Box, BaseGeometry]]) -> bool:
        west, south, east, north = frames(self.city)[code]
        for (left, low, right, high), window in windows:
            if right < west or left > east or high < south or low > north:
                continue
            # What lies completely in the window needs no look at its outline; that is nearly every area.
            if left <= west and east <= right and low <= south and north <= high:
                return True
            if shapely.intersects(shapely.from_wkb(self.city.shapes[code]), window):
                return True
        return False

    def _feature(self, area: AreaFacts) -> PublishedFeature:
        values = {name: _written(getattr(area, name)) for name in self.properties}
        return PublishedFeature(area.code, polygon_text(self.city.shapes[area.code]), values)


_LEVELS = ("district", "street", "community", "unit_grid")
_FACILITY_FIELDS = {"class": "category", **{level: f"areas__{level}" for level in _LEVELS}}


@dataclass(frozen=True, slots=True)
class FacilitySource:
    """Facilities; `where` narrows them by category and state. `inside` adds who looks after them."""

    where: Mapping[str, Sequence[str]]
    inside: bool = False
    narrowed_by: tuple[str, ...] = ("code", "class", "state", "name", "district", "street", "community")

    @property
    def properties(self) -> tuple[str, ...]:
        further = ("authority", "maintainer") if self.inside else ()
        return ("code", "name", "class", "catalogue", "state", *_LEVELS, "address", "began_on", "changed_on", *further)

    def count(self, query: FeatureQuery) -> int | None:
        return _count(self._rows(query))

    def features(self, query: FeatureQuery) -> Iterator[PublishedFeature]:
        rows = self._rows(query).filter(code__gt=query.after).order_by("code")[: query.limit]
        return (self._feature(row) for row in rows.iterator(chunk_size=1000))

    def feature(self, key: str) -> PublishedFeature | None:
        row = self._rows(FeatureQuery()).filter(code=key).first()
        return self._feature(row) if row else None

    def bounds(self) -> Box | None:
        return _bounds(self._rows(FeatureQuery()))

    def _rows(self, query: FeatureQuery) -> "QuerySet[Facility]":
        rows = Facility.objects.filter(**{f"{name}__in": list(values) for name, values in self.where.items()})
        rows = rows.filter(**{_FACILITY_FIELDS.get(name, name): value for name, value in query.equal.items()})
        if query.days and query.days[1]:
            rows = rows.filter(Q(began_on=None) | Q(began_on__lte=query.days[1]))
        return _within(rows, query.boxes)

    def _feature(self, row: Facility) -> PublishedFeature:
        values = {
            "class": row.category,
            "authority": row.authority_name or row.authority,
            "maintainer": row.maintainer_name or row.maintainer,
            **{level: row.areas.get(level, "") for level in _LEVELS},
        }
        read = {name: values[name] if name in values else _written(getattr(row, name)) for name in self.properties}
        return PublishedFeature(row.code, _point(row.lon, row.lat), read)


@dataclass(frozen=True, slots=True)
class GazetteerSource:
    """Entries of the gazetteer; `where` narrows them by kind and district."""

    where: Mapping[str, Sequence[str]]
    properties: tuple[str, ...] = ("name", "kind", "aliases", "district", "community")
    narrowed_by: tuple[str, ...] = ("name", "kind", "district", "community")

    def count(self, query: FeatureQuery) -> int | None:
        return _count(self._rows(query))

    def features(self, query: FeatureQuery) -> Iterator[PublishedFeature]:
        after = _key(query.after) if query.after else 0
        rows = self._rows(query).filter(pk__gt=after).order_by("pk")[: query.limit]
        return (self._feature(row) for row in rows.iterator(chunk_size=1000))

    def feature(self, key: str) -> PublishedFeature | None:
        row = self._rows(FeatureQuery()).filter(pk=_key(key)).first()
        return self._feature(row) if row else None

    def bounds(self) -> Box | None:
        return _bounds(self._rows(FeatureQuery()))

    def _rows(self, query: FeatureQuery) -> "QuerySet[Place]":
        rows = Place.objects.filter(**{f"{name}__in": list(values) for name, values in self.where.items()})
        return _within(rows.filter(**query.equal), query.boxes)

    def _feature(self, row: Place) -> PublishedFeature:
        return PublishedFeature(
            str(row.pk), _point(row.lon, row.lat), {name: getattr(row, name) for name in self.properties}
        )


def polygon_text(wkb: bytes) -> str:
    """Return the GeoJSON of a polygon, its outer ring counter-clockwise (RFC 7946, 3.1.6)."""
    polygon = shapely.orient_polygons(shapely.from_wkb(wkb))
    return str(shapely.to_geojson(shapely.transform(polygon, lambda pairs: pairs.round(DIGITS))))


def _point(lon: float | None, lat: float | None) -> str | None:
    if lon is None or lat is None:
        return None
    return f'{{"type":"Point","coordinates":[{round(lon, DIGITS)!r},{round(lat, DIGITS)!r}]}}'


def _matches(area: AreaFacts, query: FeatureQuery) -> bool:
    if any((getattr(area, name) or "") != value for name, value in query.equal.items()):
        return False
    if query.days is None:
        return True
    first, last = query.days
    begun = last is None or area.valid_from is None or area.valid_from <= last
    return begun and (first is None or area.valid_until is None or first < area.valid_until)


def _within(rows: "QuerySet[Row]", boxes: Sequence[Box]) -> "QuerySet[Row]":
    """Narrow rows to those in the boxes; a row without a place is in every box, as OGC API - Features requires."""
    if not boxes:
        return rows
    anywhere = Q(lat=None)
    for west, south, east, north in boxes:
        anywhere |= Q(lat__gte=south, lat__lte=north, lon__gte=west, lon__lte=east)
    return rows.filter(anywhere)


def _count(rows: Any) -> int | None:
    found: int = rows.order_by()[: COUNTED + 1].count()
    return found if found <= COUNTED else None


def _bounds(rows: Any) -> Box | None:
    found = rows.aggregate(Min("lon"), Min("lat"), Max("lon"), Max("lat"))
    west, south, east, north = (found[name] for name in ("lon__min", "lat__min", "lon__max", "lat__max"))
    return None if west is None else (west, south, east, north)


def _key(words: str) -> int:
    return int(words) if words.isascii() and words.isdecimal() and len(words) < 19 else -1


def _written(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value
