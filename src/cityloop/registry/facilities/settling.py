"""Compare the entries of a census with each other and with the city: doubled ids, places, areas, same spots.

They come in batches, because areas are found for many points at once. entries.py reads a row.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from cityloop.core.codes.facilities import doubts, parse
from cityloop.core.errors import Fault
from cityloop.core.place.areas import spoken
from cityloop.core.place.geo import Crs, check_point
from cityloop.registry.areas.imports import systems as area_systems
from cityloop.registry.city.city import City
from cityloop.registry.facilities.checks import FacilityDoubt, Seen
from cityloop.registry.facilities.entries import FacilityEntry, Rules
from cityloop.registry.facilities.queries import component_names


class FacilitySettling:
    """Settles the entries of one census, batch after batch."""

    def __init__(self, rules: Rules, city: City, word: str) -> None:
        """Take what the file calls the place of a row: line or feature."""
        self._rules, self._city, self._word = rules, city, word
        self._layout, self._names = city.layout(), component_names()
        self._ids, self._spots = Seen(), Seen()

    def settle(self, entries: Sequence[FacilityEntry], places: Sequence[int]) -> None:
        """Place entries on the map and compare them with all earlier ones; faults and doubts are added to each.

        `places` are their places in the file.
        """
        self._doubled(entries, places)
        self._place([entry for entry in entries if entry.pair and not entry.faults])
        for entry in entries:
            self._areas(entry)
        self._alike(entries, places)
        if self._rules.strict:
            for entry in entries:
                entry.faults += [doubt.fault for doubt in entry.doubts]

    def _doubled(self, entries: Sequence[FacilityEntry], places: Sequence[int]) -> None:
        firsts = self._ids.firsts([entry.code for entry in entries], places)
        for entry, place, first in zip(entries, places, firsts, strict=True):
            if first is not None:
                values = {"code": entry.code, "word": self._word, "first": first, "second": place}
                entry.faults.append(Fault("code", "facility-twice", values))

    def _place(self, entries: Sequence[FacilityEntry]) -> None:
        for crs in {id(entry.crs): entry.crs for entry in entries}.values():
            own = [entry for entry in entries if entry.crs is crs]
            pairs = np.array([entry.pair for entry in own])
            placed = _into_wgs84(pairs, crs)
            codes = self._city.layout().smallest_many(placed[:, 0].copy(), placed[:, 1].copy())
            for entry, (lon, lat), code in zip(own, placed.tolist(), codes, strict=True):
                self._set_place(entry, lon, lat, code)

    def _set_place(self, entry: FacilityEntry, lon: float, lat: float, area: str | None) -> None:
        if fault := check_point(lon, lat):
            entry.faults.append(Fault("lon", fault.code))
            return
        entry.values |= {"lon": round(lon, 7), "lat": round(lat, 7), "areas": dict(self._city.lineage(area))}
        if area is None and self._city.areas:
            code = "outside-city-unless-exchanged" if self._is_inside_exchanged(entry) else "outside-city"
            outside = Fault("lon", code, {"lon": f"{lon:.6f}", "lat": f"{lat:.6f}"})
            entry.doubts.append(FacilityDoubt("outside the city", outside))

    def _is_inside_exchanged(self, entry: FacilityEntry) -> bool:
        pair = entry.pair or (0.0, 0.0)
        lon, lat = _into_wgs84(np.array([pair[::-1]]), entry.crs)[0]
        return bool(np.isfinite(lon) and np.isfinite(lat) and self._layout.lineage_at(float(lon), float(lat)))

    def _areas(self, entry: FacilityEntry) -> None:
        """Set the areas: those of the point count before those of the census; note where they differ."""
        placed = entry.values.get("areas", {})
        differing = {level: code for level, code in entry.census_areas.items() if placed.get(level, code) != code}
        for level, code in differing.items():
            values = {"level": spoken(level), "code": code, "placed": placed[level]}
            fault = Fault(level, "census-names-other-area", values)
            entry.doubts.append(FacilityDoubt("the census names another area", fault))
        if entry.census_areas:
            entry.values["areas"] = {**entry.census_areas, **placed}
        if differing:
            entry.values["attributes"] = {**entry.values.get("attributes", {}), "census_areas": differing}
        if self._rules.ids == "national":
            district = entry.values.get("areas", {}).get("district")
            found = doubts(parse(entry.code), self._names[entry.values["catalogue"]], district)
            entry.doubts += [FacilityDoubt("the id names another district", fault) for fault in found]

    def _alike(self, entries: Sequence[FacilityEntry], places: Sequence[int]) -> None:
        """Doubt facilities of the same class on the same spot, to a tenth of a metre."""
        own = [(entry, place) for entry, place in zip(entries, places, strict=True) if "lon" in entry.values]
        spots = [f"{e.values['category']} {e.values['lon']:.6f} {e.values['lat']:.6f}" for e, _ in own]
        for (entry, _), first in zip(own, self._spots.firsts(spots, [place for _, place in own]), strict=True):
            if first is not None and not entry.faults:
                same = Fault("lon", "facility-on-same-spot", {"word": self._word, "first": first})
                entry.doubts.append(FacilityDoubt("the same class on the same spot", same))


def _into_wgs84(pairs: NDArray[np.float64], crs: "Crs | Any") -> NDArray[np.float64]:
    placed, _ = area_systems.into_wgs84(shapely.points(pairs), crs)
    coordinates: NDArray[np.float64] = shapely.get_coordinates(placed)
    return coordinates
