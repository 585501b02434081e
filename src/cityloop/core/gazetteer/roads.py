"""Places along one street: a number, a lane, the street as a whole, a crossing. finding.py chooses the street."""

from collections.abc import Iterable, Sequence
from itertools import pairwise

import shapely
from shapely.geometry.base import BaseGeometry
from shapely.ops import nearest_points

from cityloop.core.gazetteer import numbering
from cityloop.core.gazetteer.addresses.reading import Number, Road
from cityloop.core.gazetteer.learning import lane_number
from cityloop.core.gazetteer.places import (
    FoundPlace,
    Grade,
    Pair,
    PlaceEntry,
    PlaceKind,
    PlaceReason,
    metres,
    middle,
)
from cityloop.core.gazetteer.street_groups import Group

LANE = 90.0  # metres into an ordinary lane
GAP = 400.0  # metres: between two numbers farther apart a street is not drawn
MEET = 120.0  # metres: streets that come as near as this are taken to cross
NEARLY = 500.0  # of streets drawn from a few numbers


def number_place(group: Group, road: Road, number: Number) -> FoundPlace | None:
    """Return where a number of a road lies; None if no number near it is known."""
    found = numbering.estimate(group.numbers(road.key), number.value, number.suffix)
    if found is None:
        return None
    name = f"{road.key}{number.value}{f'之{number.suffix}' if number.suffix else ''}号"
    values = {"road": road.key, "number": str(number.value), "numbers": "、".join(map(str, found.neighbours))}
    return FoundPlace(
        *found.point, Grade.PLATE, found.radius_metres, name, why=(PlaceReason(f"number_{found.how}", values),)
    )


def road_place(group: Group, road: Road, *, at_mouth: bool = False) -> FoundPlace | None:
    """Return the place of a road as a whole: the lane itself, its mouth, or the street."""
    for part in road.with_parents:
        own = group.by_key.get(part.key, [])
        plates = [entry for entry in own if entry.kind is PlaceKind.PLATE and not entry.number]
        if not (at_mouth and part == road) and (found := _whole(group, part, own, plates)):
            return found
        if part.lanes and (found := _mouth(group, part)):
            return found
    return None


def _whole(group: Group, part: Road, own: Sequence[PlaceEntry], plates: Sequence[PlaceEntry]) -> FoundPlace | None:
    lines = [shapely.from_wkb(entry.shape) for entry in own if entry.shape and entry.kind is PlaceKind.STREET]
    points = [entry.point for entry in own] + ([] if part.lanes else [entry.point for entry in group.entries])
    if part.lanes:
        number, suffix = lane_number(part.lanes[-1])
        above = group.by_key.get(Road(part.street, part.lanes[:-1]).key, ())
        points += [e.point for e in above if e.kind is PlaceKind.LANE and (e.number, e.suffix) == (number, suffix)]
    values = {"road": part.key}
    if plates:
        point = middle(entry.point for entry in plates)
        radius = max(
            60.0, *(entry.spread_metres for entry in plates), _reach(point, points) if len(points) > 1 else 0.0
        )
        return FoundPlace(*point, Grade.STREET, radius, part.key, why=(PlaceReason("road_as_said", values),))
    if lines:
        line = shapely.union_all(lines)
        point = _on(line)
        corners = [tuple(pair) for pair in shapely.get_coordinates(line).tolist()]
        return FoundPlace(
            *point, Grade.STREET, max(50.0, _reach(point, corners)), part.key, why=(PlaceReason("road_drawn", values),)
        )
    if not points:
        return None
    point = middle(points)
    radius = max(120.0 if part.lanes else 400.0, _reach(point, points))
    return FoundPlace(*point, Grade.STREET, radius, part.key, why=(PlaceReason("road_of_numbers", values),))


def _mouth(group: Group, part: Road) -> FoundPlace | None:
    """Return where a lane begins: by its number among those of the street, as they are given in Taiwan."""
    number, suffix = lane_number(part.lanes[-1])
    above = Road(part.street, part.lanes[:-1])
    found = numbering.estimate(group.numbers(above.key), number, suffix) if number else None
    if found is None:
        return None
    values = {"road": part.key, "numbers": "、".join(map(str, found.neighbours or (number,)))}
    return FoundPlace(
        *found.point, Grade.STREET, found.radius_metres + LANE, part.key, why=(PlaceReason("lane_by_number", values),)
    )


def _on(line: BaseGeometry) -> Pair:
    """Return the point of a line that is nearest to its middle."""
    point = nearest_points(line, line.centroid)[0]
    return point.x, point.y


def _reach(point: Pair, points: Iterable[Pair]) -> float:
    """Return the distance within which four in five of the points lie."""
    far = sorted(metres(point, other) for other in points)
    return far[int(0.8 * (len(far) - 1))]


def crossing_place(group: Group, road: Road, other: Group, crossing: Road) -> FoundPlace | None:
    """Return where two roads meet; None if they do not come near each other."""
    if _is_branch(road, crossing) or _is_branch(crossing, road):
        branch = max(road, crossing, key=lambda part: len(part.lanes))
        return road_place(group, branch, at_mouth=True)
    first, second = drawn(group, road), drawn(other, crossing)
    if first is None or second is None:
        return None
    a, b = (_pair(point) for point in nearest_points(first, second))
    apart = metres(a, b)
    exact = all(
        entry.shape for other_group in (group, other) for entry in other_group.entries if entry.kind is PlaceKind.STREET
    )
    if apart > (MEET if exact else NEARLY):
        return None
    point = ((a[0] + b[0]) / 2, (a[1] + b[1]) / 2)
    values = {"road": road.key, "other": crossing.key}
    radius = 30.0 + apart / 2 if exact and not apart else 120.0 + apart
    return FoundPlace(
        *point, Grade.CROSSING, radius, f"{road.key}×{crossing.key}", why=(PlaceReason("roads_meet", values),)
    )


def _pair(point: BaseGeometry) -> Pair:
    return point.x, point.y


def _is_branch(road: Road, lane: Road) -> bool:
    return (
        road.street == lane.street and len(lane.lanes) > len(road.lanes) and lane.lanes[: len(road.lanes)] == road.lanes
    )


def drawn(group: Group, road: Road) -> BaseGeometry | None:
    """Return a road as lines: as imported, else through its known numbers."""
    for part in road.with_parents:
        own = group.by_key.get(part.key, [])
        lines = [shapely.from_wkb(entry.shape) for entry in own if entry.shape and entry.kind is PlaceKind.STREET]
        if lines:
            return shapely.union_all(lines)
        numbered = sorted((e for e in own if e.kind is PlaceKind.PLATE and e.number), key=lambda e: e.number)
        points = [entry.point for entry in numbered]
        if points:
            return _through(points)
        if part.lanes and (place := _mouth(group, part)):
            return shapely.Point(place.point)
    points = [entry.point for entry in group.entries]
    return shapely.MultiPoint(points) if points else None


def _through(points: Sequence[Pair]) -> BaseGeometry:
    parts: list[BaseGeometry] = [shapely.Point(point) for point in points]
    parts += [shapely.LineString((a, b)) for a, b in pairwise(points) if 0 < metres(a, b) <= GAP]
    return shapely.GeometryCollection(parts) if len(parts) > 1 else parts[0]
