"""Entries of a census held against each other and against the city: doubled ids, places, areas, what stands twice.

Many at a time, because finding areas is. What a row says by itself is read in facilities.py; rows are written by
changes.py.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from cityloop.core.codes.facilities import doubts, parse
from cityloop.core.errors import Fault
from cityloop.core.place.geo import Crs, check_point
from cityloop.registry.areas.imports import systems as area_systems
from cityloop.registry.city.city import City
from cityloop.registry.facilities.checks import FacilityDoubt, Seen
from cityloop.registry.facilities.entries import POINT_FAULTS, FacilityEntry, Rules
from cityloop.registry.facilities.queries import component_names


class FacilitySettling:
    """Settles the entries of one census, batch after batch."""

    def __init__(self, rules: Rules, city: City, word: str) -> None:
        """Take what the place of a row is called in the file: line or feature."""
        self._rules, self._city, self._word = rules, city, word
        self._layout, self._names = city.layout(), component_names()
        self._ids, self._spots = Seen(), Seen()

    def settle(self, entries: Sequence[FacilityEntry], places: Sequence[int]) -> None:
        """Place entries on the map and hold them against every earlier one; faults and doubts are kept with each.

        `places` are where they stand in the file.
        """
        self._doubled(entries, places)
        self._place([entry for entry in entries if entry.pair and not entry.faults])
        for entry in entries:
            self._areas(entry)
        self._alike(entries, places)
        if self._rules.strict:
            for entry in entries:
                entry.faults += [Fault(doubt.field, doubt.reason) for doubt in entry.doubts]

    def _doubled(self, entries: Sequence[FacilityEntry], places: Sequence[int]) -> None:
        firsts = self._ids.firsts([entry.code for entry in entries], places)
        for entry, place, first in zip(entries, places, firsts, strict=True):
            if first is not None:
                both = f"{self._word} {first} and again in {self._word} {place}"
                entry.faults.append(Fault("code", f"{entry.code} stands in {both}; the first one counts"))

    def _place(self, entries: Sequence[FacilityEntry]) -> None:
        for crs in {id(entry.crs): entry.crs for entry in entries}.values():
            own = [entry for entry in entries if entry.crs is crs]
            pairs = np.array([entry.pair for entry in own])
            placed = _into_wgs84(pairs, crs)
            codes = self._city.layout().smallest_many(placed[:, 0].copy(), placed[:, 1].copy())
            for entry, (lon, lat), code in zip(own, placed.tolist(), codes, strict=True):
                self._settled(entry, lon, lat, code)

    def _settled(self, entry: FacilityEntry, lon: float, lat: float, area: str | None) -> None:
        if fault := check_point(lon, lat):
            entry.faults.append(Fault("lon", POINT_FAULTS[fault]))
            return
        entry.values |= {"lon": round(lon, 7), "lat": round(lat, 7), "areas": dict(self._city.lineage(area))}
        if area is None and self._city.areas:
            told = f"{lon:.6f}, {lat:.6f} lies outside the city"
            if self._is_inside_exchanged(entry):
                told += ", and within it if its coordinates are exchanged"
            entry.doubts.append(FacilityDoubt("outside the city", "lon", told))

    def _is_inside_exchanged(self, entry: FacilityEntry) -> bool:
        pair = entry.pair or (0.0, 0.0)
        lon, lat = _into_wgs84(np.array([pair[::-1]]), entry.crs)[0]
        return bool(np.isfinite(lon) and np.isfinite(lat) and self._layout.lineage_at(float(lon), float(lat)))

    def _areas(self, entry: FacilityEntry) -> None:
        """Settle the areas: where the point lies counts before what the census says; where they differ is told."""
        placed = entry.values.get("areas", {})
        wrong = {level: code for level, code in entry.said_areas.items() if placed.get(level, code) != code}
        for level, code in wrong.items():
            told = f"the census says {level} {code}, its point lies in {placed[level]}"
            entry.doubts.append(FacilityDoubt("the census names another area", level, told))
        if entry.said_areas:
            entry.values["areas"] = {**entry.said_areas, **placed}
        if wrong:
            entry.values["attributes"] = {**entry.values.get("attributes", {}), "census_areas": wrong}
        if self._rules.ids == "national":
            district = entry.values.get("areas", {}).get("district")
            found = doubts(parse(entry.code), self._names[entry.values["catalogue"]], district)
            entry.doubts += [FacilityDoubt("the id names another district", "code", fault.reason) for fault in found]

    def _alike(self, entries: Sequence[FacilityEntry], places: Sequence[int]) -> None:
        """Suspect what stands a second time: the same class on the same spot, to a tenth of a metre."""
        own = [(entry, place) for entry, place in zip(entries, places, strict=True) if "lon" in entry.values]
        spots = [f"{e.values['category']} {e.values['lon']:.6f} {e.values['lat']:.6f}" for e, _ in own]
        for (entry, place), first in zip(own, self._spots.firsts(spots, [place for _, place in own]), strict=True):
            if first is not None and not entry.faults:
                told = f"{self._word} {place} has the class and the position of {self._word} {first}"
                entry.doubts.append(FacilityDoubt("the same class on the same spot", "lon", told))


def _into_wgs84(pairs: NDArray[np.float64], crs: "Crs | Any") -> NDArray[np.float64]:
    placed, _ = area_systems.into_wgs84(shapely.points(pairs), crs)
    coordinates: NDArray[np.float64] = shapely.get_coordinates(placed)
    return coordinates
