"""The facilities of the demo city: manhole covers, lamps, bins, trees and toilets along its invented roads, and which
of them a report is about. They are stored as a census is.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any
from zlib import crc32

from cityloop.core.codes.classes import HOME
from cityloop.entry.demo import ground
from cityloop.entry.demo.script import FacilityKind, Script
from cityloop.registry.city.city import City
from cityloop.registry.history import changes
from cityloop.registry.history.changes import TableChange
from cityloop.registry.history.tables import FACILITIES

BY = "demo"
SPACING_METRES = 38.0
METRES_PER_DEGREE = 111_195.0
STATES = {"intact": 95, "damaged": 3, "missing": 1, "abandoned": 1}

Place = tuple[float, float]


@dataclass(frozen=True)
class DemoFacilities:
    """The codes of facilities by class and community, so that a report can name one near its point."""

    codes: Mapping[tuple[str, str], tuple[str, ...]]

    def named(self, content: Mapping[str, object], city: City) -> Mapping[str, object]:
        """Return a report that names a facility instead of a point, if its community has one of the report's class."""
        if "lon" not in content or "category" not in content:
            return content
        community = city.areas_at(float(str(content["lon"])), float(str(content["lat"]))).get("community", "")
        known = self.codes.get((str(content["category"]), community))
        if not known:
            return content
        kept = {name: value for name, value in content.items() if name not in ("lon", "lat")}
        # Chosen by the report's own id: drawing from `chance` here would change every story after it.
        return {**kept, "facility": known[crc32(str(content["external_id"]).encode()) % len(known)]}


def enter(script: Script, city: City, now: datetime) -> DemoFacilities:
    """Store the facilities; return their codes by class and community."""
    chance = Random(f"{script.seed} facilities")  # noqa: S311  # separate, so that the stories do not change
    rows = list(_rows(script, city, chance, now))
    changes.apply([TableChange(FACILITIES, rows)], BY, now, "FacilitiesSet", source="普查")
    found: dict[tuple[str, str], list[str]] = {}
    for row in rows:
        found.setdefault((row["category"], row["areas"].get("community", "")), []).append(row["code"])
    return DemoFacilities({key: tuple(codes) for key, codes in found.items()})


def _rows(script: Script, city: City, chance: Random, now: datetime) -> Iterator[dict[str, Any]]:
    roads = {road: _line(city, chance) for road in script.roads}
    serials: dict[str, int] = {}
    for kind in script.facilities:
        for number in range(kind.count):
            road = script.roads[number % len(roads)]
            lon, lat = _beside(roads[road], number // len(roads), kind)
            areas = dict(city.areas_at(lon, lat))
            if "district" in areas:
                key = f"{areas['district']}{kind.code}"
                serials[key] = serials.get(key, 0) + 1
                yield _row(f"{key}{serials[key]:06d}", kind, (lon, lat), areas, city, chance, now)


def _row(
    code: str,
    kind: FacilityKind,
    place: Place,
    areas: Mapping[str, str],
    city: City,
    chance: Random,
    now: datetime,
) -> dict[str, Any]:
    units = {"maintainer": kind.unit, "owner": kind.unit, "authority": kind.unit}
    lon, lat = (round(degrees, 7) for degrees in place)
    return {
        "code": code,
        "catalogue": HOME,
        "category": kind.code,
        "name": city.classes[f"component:{kind.code}"].name,
        **units,
        **{f"{role}_name": city.units[unit].name for role, unit in units.items()},
        "state": chance.choices(list(STATES), list(STATES.values()))[0],
        "began_on": (now - timedelta(days=chance.randint(400, 6000))).date(),
        "origin": "实测",
        "lon": lon,
        "lat": lat,
        "raw_lon": f"{lon:.7f}",
        "raw_lat": f"{lat:.7f}",
        "crs": "cgcs2000",
        "areas": areas,
    }


def _line(city: City, chance: Random) -> tuple[Place, float]:
    """Return the start of a road and its direction in radians."""
    community = chance.choice([area.code for area in city.areas.values() if area.level == "community"])
    return ground.spot(city.shapes[community], chance), chance.uniform(0, math.tau)


def _beside(road: tuple[Place, float], step: int, kind: FacilityKind) -> Place:
    """Return the place of the facility at a step along a road, on its own side of it."""
    (lon, lat), heading = road
    along, aside = (step + kind.offset) * SPACING_METRES, kind.aside_metres
    east = along * math.cos(heading) - aside * math.sin(heading)
    north = along * math.sin(heading) + aside * math.cos(heading)
    narrowed = METRES_PER_DEGREE * math.cos(math.radians(lat))
    return lon + east / narrowed, lat + north / METRES_PER_DEGREE
