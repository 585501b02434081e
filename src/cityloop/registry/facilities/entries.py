"""What a row of a census of facilities says by itself: id, class, units, state, days, its pair of coordinates.

GB/T 47678.5-2026, table 2. Files and columns are read above (channels.facilities); what a row is beside the others and
on the map is settled in facility_settling.py.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal

import numpy as np

from cityloop.core.codes.classes import HOME
from cityloop.core.codes.facilities import FORMER, FacilityCode, foreign, parse, upgraded
from cityloop.core.errors import Fault, Invalid
from cityloop.core.place.geo import Crs, PointFault, check_point
from cityloop.registry.areas.imports import systems as area_systems
from cityloop.registry.city.city import City
from cityloop.registry.facilities.checks import FacilityDoubt, KnownUnits
from cityloop.registry.facilities.queries import component_names, successors
from cityloop.registry.models import STATES

STATE_WORDS = {
    **{state: state for state in STATES},
    **dict(zip(("完好", "破损", "丢失", "废弃", "移除"), STATES, strict=True)),
    **{"正常": "intact", "损坏": "damaged", "缺失": "missing", "报废": "abandoned", "拆除": "removed"},
}
UNITS = ("authority", "owner", "maintainer")
AREAS = ("unit_grid", "community", "street", "district")  # levels a census may name, the smallest first
NAMED = ("street_name", "community_name")
PLAIN = ("origin", "remark", "address")
LONGEST = 1000
POINT_FAULTS = {
    PointFault.NOT_FINITE: "is not a number",
    PointFault.OUT_OF_RANGE: "lies outside the earth: longitude is -180 to 180, latitude -90 to 90",
    PointFault.NULL_ISLAND: "is (0, 0), which is no place of a facility",
    PointFault.SWAPPED: "looks like longitude and latitude were exchanged",
}


@dataclass(frozen=True, slots=True)
class Rules:
    """How a census is to be read."""

    ids: Literal["national", "own"] = "national"
    catalogue: str | None = None  # None: the one that the length of an id tells
    crs: "Crs | Any" = Crs.WGS84
    upgrade: bool = False  # ids of 16 digits to 17, by the crosswalk
    strict: bool = False  # refuse what is in doubt


@dataclass(slots=True)
class FacilityEntry:
    """A row on its way: what is known of it, its pair of coordinates, the areas the census says, what is in doubt."""

    values: dict[str, Any]
    pair: tuple[float, float] | None = None
    crs: "Crs | Any" = None
    said_areas: dict[str, str] = field(default_factory=dict)
    doubts: list[FacilityDoubt] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)

    @property
    def code(self) -> str:
        return str(self.values["code"])


class Reader:
    """Reads the rows of one census, each by itself."""

    def __init__(self, rules: Rules, city: City) -> None:
        self._rules, self._city = rules, city
        self._names = component_names()  # by catalogue, then code
        self._successors = successors(rules.catalogue or FORMER) if rules.upgrade else {}
        self._codes_by_name = {
            catalogue: {name: code for code, name in names.items()} for catalogue, names in self._names.items()
        }
        self._units = KnownUnits()
        self._systems: dict[str, Any] = {}

    def read(self, said: Mapping[str, Any]) -> FacilityEntry:
        """Return what a row says by itself; raise Invalid naming every field that is wrong."""
        faults: list[Fault] = []
        entry = FacilityEntry({})
        self._class(entry, said, faults)
        for unit in UNITS:
            self._unit(entry, unit, said)
        _state(entry, said, faults)
        _days(entry, said)
        self._pair(entry, said, faults)
        for name in PLAIN:
            if name in said:
                entry.values[name] = _words(said, name, faults)
        entry.said_areas = {level: words for level in AREAS if (words := str(said.get(level) or ""))}
        self._attributes(entry, said)
        if faults:
            raise Invalid(faults)
        return entry

    def _class(self, entry: FacilityEntry, said: Mapping[str, Any], faults: list[Fault]) -> None:
        words = str(said.get("code") or "")
        if not words:
            faults.append(Fault("code", "must be given"))
            return
        try:
            code = self._national(entry, words) if self._rules.ids == "national" else None
            entry.values["code"] = str(code) if code else foreign(words)
        except ValueError as error:
            faults.append(Fault("code", str(error)))
            return
        named = None if self._rules.upgrade else self._rules.catalogue
        catalogue = named or (code.catalogue if code else HOME)
        own = self._class_said(catalogue, said, faults)
        category = code.class_code if code else own
        if not code and not own and not faults:
            faults.append(Fault("category", "must be given: its id does not tell its class"))
        if code and own and own != code.class_code:
            told = f"its id says class {code.class_code}, its class {own}; the id counts"
            entry.doubts.append(FacilityDoubt("id and class disagree", "category", told))
        self._named(entry, catalogue, category, said, faults)

    def _national(self, entry: FacilityEntry, words: str) -> FacilityCode:
        code = parse(words)
        new = upgraded(code, self._successors) if self._rules.upgrade else code
        if new != code:
            entry.values["attributes"] = {"former_code": str(code)}
        return new

    def _class_said(self, catalogue: str, said: Mapping[str, Any], faults: list[Fault]) -> str:
        words = str(said.get("category") or "")
        names = self._names.get(catalogue, {})
        found = words if not words or words in names else self._codes_by_name.get(catalogue, {}).get(words)
        if found is None:
            faults.append(Fault("category", f"{words!r} is no class of components of {catalogue}"))
        return found or ""

    def _named(
        self, entry: FacilityEntry, catalogue: str, category: str, said: Mapping[str, Any], faults: list[Fault]
    ) -> None:
        names = self._names.get(catalogue, {})
        if category and category not in names:
            faults.append(Fault("code", f"its class {category} is not in {catalogue}"))
        name = _words(said, "name", faults) or names.get(category, "")
        other = self._codes_by_name.get(catalogue, {}).get(name, category)
        if other != category:
            told = f"is called {name}, which is class {other}, and its id says {category} {names.get(category, '')}"
            entry.doubts.append(FacilityDoubt("name and class disagree", "name", told))
        entry.values |= {"catalogue": catalogue, "category": category, "name": name}

    def _unit(self, entry: FacilityEntry, unit: str, said: Mapping[str, Any]) -> None:
        if f"{unit}_code" not in said and f"{unit}_name" not in said:
            return
        code, name = (str(said.get(f"{unit}_{part}") or "").strip() for part in ("code", "name"))
        found, doubtful = self._units.found(unit, code.upper() if len(code) == 18 else code, name)
        entry.values |= {unit: found, f"{unit}_name": name}
        entry.doubts += doubtful

    def _pair(self, entry: FacilityEntry, said: Mapping[str, Any], faults: list[Fault]) -> None:
        if "lon" not in said or "lat" not in said:
            return
        given = [said["lon"], said["lat"]]
        if given == [None, None]:
            entry.doubts.append(FacilityDoubt("no position is given", "lon", "has no position"))
            return
        try:
            lon, lat = (float(value) for value in given)
        except (TypeError, ValueError):
            faults += [Fault(name, "must be a number") for name in ("lon", "lat") if not _is_number(said[name])]
            return
        try:
            crs = self._system(str(said.get("crs") or ""))
        except ValueError as error:
            faults.append(Fault("crs", str(error)))
            return
        wrong_with = check_point(lon, lat) if isinstance(crs, Crs) else _flat_fault(lon, lat)
        if wrong_with:
            faults.append(Fault("lat" if abs(lat) > 90 else "lon", POINT_FAULTS[wrong_with]))
        entry.pair, entry.crs = (lon, lat), crs
        entry.values |= {"raw_lon": _written(given[0]), "raw_lat": _written(given[1])}
        entry.values["crs"] = crs.value if isinstance(crs, Crs) else _epsg(crs)

    def _system(self, words: str) -> "Crs | Any":
        if not words:
            return self._rules.crs
        if words not in self._systems:
            self._systems[words] = area_systems.system(words)
        return self._systems[words]

    def _attributes(self, entry: FacilityEntry, said: Mapping[str, Any]) -> None:
        further = {name.partition(".")[2]: value for name, value in said.items() if name.startswith("attributes.")}
        kept = {name: value for name, value in further.items() if value not in (None, "")}
        for name in NAMED:
            level = name.removesuffix("_name")
            if said.get(name) and entry.said_areas.get(level) not in self._city.areas:
                kept[name] = str(said[name])
        if kept or further:
            entry.values["attributes"] = {**entry.values.get("attributes", {}), **kept}


def _state(entry: FacilityEntry, said: Mapping[str, Any], faults: list[Fault]) -> None:
    words = str(said.get("state") or "").strip()
    if not words:
        return
    if words not in STATE_WORDS:
        faults.append(
            Fault("state", f"{words!r} is none of 完好, 破损, 丢失, 废弃, 移除; say in `words` what it means")
        )
        return
    entry.values["state"] = STATE_WORDS[words]


def _days(entry: FacilityEntry, said: Mapping[str, Any]) -> None:
    began, changed = said.get("began_on"), said.get("changed_on")
    entry.values |= {name: said[name] for name in ("began_on", "changed_on") if name in said}
    if isinstance(began, date) and isinstance(changed, date) and changed < began:
        told = f"was changed on {changed} before it began on {began}"
        entry.doubts.append(FacilityDoubt("changed before it began", "changed_on", told))


def _words(said: Mapping[str, Any], name: str, faults: list[Fault]) -> str:
    words = str(said.get(name) or "").strip()
    if len(words) > LONGEST:
        faults.append(Fault(name, f"is longer than {LONGEST} characters"))
    if "\x00" in words:
        faults.append(Fault(name, "contains a character that cannot be stored"))
    return words


def _is_number(value: Any) -> bool:
    try:
        return value is not None and float(value) == float(value)
    except (TypeError, ValueError):
        return False


def _flat_fault(lon: float, lat: float) -> PointFault | None:
    """Return what is wrong with a pair of metres, or None."""
    if not (np.isfinite(lon) and np.isfinite(lat)):
        return PointFault.NOT_FINITE
    return PointFault.NULL_ISLAND if lon == lat == 0 else None


def _written(value: Any) -> str:
    return value.strip() if isinstance(value, str) else repr(value)


def _epsg(crs: Any) -> str:
    return f"EPSG:{code}" if (code := crs.to_epsg()) else area_systems.title(crs)
