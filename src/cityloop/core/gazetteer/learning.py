"""What the gazetteer learns from observations: entries with their middle, spread and count. They are stored in
registry/gazetteer.

An observation is an address somebody gave with the point that went with it. One coordinate that many different
addresses share is no evidence: a geocoder put them there for want of anything better.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from cityloop.core.gazetteer.addresses.reading import Address, Road
from cityloop.core.gazetteer.places import Pair, PlaceEntry, PlaceKind, metres, middle

SAME_SPOT = 6  # decimals of a degree: a tenth of a metre
TOO_MANY_ROADS = 3  # on one coordinate
TOO_MANY_NUMBERS = 4
OUTSIDE = 0.005  # degrees that a point may lie outside the district its address names
HEAVIEST = 20  # a known entry counts for at most this many observations, so that it can still be corrected


@dataclass(frozen=True, slots=True)
class Observation:
    """An address with the point that went with it, and the areas the point lies in."""

    address: Address
    point: Pair
    district: str = ""
    community: str = ""


Identity = tuple[str, str, str, int, str]  # as Entry.identity


def learned(observations: Iterable[Observation], source: str) -> list[PlaceEntry]:
    """Return the entries that observations teach, each once."""
    gathered: dict[Identity, list[Observation]] = defaultdict(list)
    for seen in believed(list(observations)):
        for kind, key, number, suffix in named(seen.address):
            gathered[kind, key, seen.district, number, suffix].append(seen)
    return [_entry(identity, seen, source) for identity, seen in gathered.items()]


def believed(observations: Sequence[Observation]) -> Iterator[Observation]:
    """Leave out observations on a false hot spot."""
    roads: dict[Pair, set[str]] = defaultdict(set)
    numbers: dict[Pair, set[tuple[str, int]]] = defaultdict(set)
    for seen in observations:
        if seen.address.road:
            roads[_spot(seen)].add(seen.address.road.street)
            numbers[_spot(seen)] |= {(seen.address.road.key, n.value) for n in seen.address.numbers[:1]}
    for seen in observations:
        spot = _spot(seen)
        if len(roads[spot]) < TOO_MANY_ROADS and len(numbers[spot]) < TOO_MANY_NUMBERS:
            yield seen


def agrees(named: Collection[str], district: str, away: Callable[[str], float]) -> bool:
    """Return whether a point fits the districts that its address names; `away`: how far it lies from one, in degrees.

    Borders run along streets, and half of a street's numbers lie beyond.
    """
    return not named or district in named or any(away(code) <= OUTSIDE for code in named)


def _spot(seen: Observation) -> Pair:
    return round(seen.point[0], SAME_SPOT), round(seen.point[1], SAME_SPOT)


def named(address: Address) -> Iterator[tuple[PlaceKind, str, int, str]]:
    """Return the keys that an address names and its point is evidence for: (kind, key, number, suffix)."""
    road = address.road
    if road is None:
        return
    if address.crossing:
        yield PlaceKind.CROSSING, crossing_key(road, address.crossing), 0, ""
        return
    if address.between:
        yield PlaceKind.CROSSING, stretch_key(road, *address.between), 0, ""
        return
    first = address.numbers[0] if address.numbers else None
    if first:
        yield PlaceKind.PLATE, road.key, first.value, first.suffix
    elif not address.at_mouth:
        yield PlaceKind.PLATE, road.key, 0, ""
    for part in road.with_parents:
        if part.lanes:
            number, suffix = lane_number(part.lanes[-1])
            yield PlaceKind.LANE, Road(part.street, part.lanes[:-1]).key, number, suffix
    yield PlaceKind.STREET, road.street, 0, ""


def lane_number(lane: str) -> tuple[int, str]:
    """Return the number of a lane and what else distinguishes it: 399巷 is 399 and 巷."""
    found = re.match(r"\d+", lane)
    return (int(found[0]), lane[found.end() :]) if found else (0, lane)


def crossing_key(road: Road, other: Road) -> str:
    """Return the key of a crossing, whichever road is named first."""
    return "×".join(sorted((road.key, other.key)))


def stretch_key(road: Road, start: Road, end: Road) -> str:
    """Return the key of the stretch of a road between two others."""
    return f"{road.key}({'~'.join(sorted((start.key, end.key)))})"


def _entry(identity: Identity, observations: Sequence[Observation], source: str) -> PlaceEntry:
    kind, key, district, number, suffix = identity
    point = middle(seen.point for seen in observations)
    spread = sum(metres(point, seen.point) for seen in observations) / len(observations)
    communities = {seen.community for seen in observations}
    return PlaceEntry(
        PlaceKind(kind),
        key,
        display(PlaceKind(kind), key, number, suffix),
        *point,
        number=number,
        suffix=suffix,
        district=district,
        community=communities.pop() if len(communities) == 1 else "",
        spread_metres=round(spread, 1),
        seen=len(observations),
        source=source,
    )


def display(kind: PlaceKind, key: str, number: int, suffix: str) -> str:
    """Return the display name of an entry."""
    if kind is PlaceKind.LANE:
        return f"{key}{number}{suffix}"
    if kind is PlaceKind.PLATE and number:
        return f"{key}{number}{f'之{suffix}' if suffix else ''}号"
    return key


def merged(known: PlaceEntry, new: PlaceEntry) -> PlaceEntry:
    """Return an entry that was known, with what was learned since."""
    old, fresh = min(known.seen, HEAVIEST), min(new.seen, HEAVIEST)
    total = old + fresh
    lon, lat = ((a * old + b * fresh) / total for a, b in zip(known.point, new.point, strict=True))
    if metres(known.point, new.point) > 200 and old != fresh:
        lon, lat = known.point if old > fresh else new.point  # they contradict each other: the majority counts
    apart = (metres((lon, lat), known.point) * old + metres((lon, lat), new.point) * fresh) / total
    spread = (known.spread_metres * old + new.spread_metres * fresh) / total + apart
    return replace(known, lon=lon, lat=lat, spread_metres=round(spread, 1), seen=known.seen + new.seen)
