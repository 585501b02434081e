"""Read one row of a census of facilities: id, class, units, state, days, coordinates.

GB/T 47678.5-2026, table 2. channels/imports/facilities.py reads files and columns; settling.py compares rows and places
them on the map.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal

import numpy as np

from cityloop.core.codes.classes import HOME
from cityloop.core.codes.facilities import FORMER, FacilityCode, foreign, parse, upgraded
from cityloop.core.errors import Fault, Invalid
from cityloop.core.invalid_values import InvalidValue
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


@dataclass(frozen=True, slots=True)
class Rules:
    """How to read a census."""

    ids: Literal["national", "own"] = "national"
    catalogue: str | None = None  # None: the one that the length of an id implies
    crs: "Crs | Any" = Crs.WGS84
    upgrade: bool = False  # ids of 16 digits to 17, by the crosswalk
    strict: bool = False  # refuse rows with doubts


@dataclass(slots=True)
class FacilityEntry:
    """A row while it is imported: its values, coordinates, the areas that the census names, its doubts and faults."""

    values: dict[str, Any]
    pair: tuple[float, float] | None = None
    crs: "Crs | Any" = None
    census_areas: dict[str, str] = field(default_factory=dict)
    doubts: list[FacilityDoubt] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)

    @property
    def code(self) -> str:
        return str(self.values["code"])


class Reader:
    """Reads the rows of one census one by one."""

    def __init__(self, rules: Rules, city: City) -> None:
        self._rules, self._city = rules, city
        self._names = component_names()  # by catalogue, then code
        self._successors = successors(rules.catalogue or FORMER) if rules.upgrade else {}
        self._codes_by_name = {
            catalogue: {name: code for code, name in names.items()} for catalogue, names in self._names.items()
        }
        self._units = KnownUnits()
        self._systems: dict[str, Any] = {}

    def read(self, row: Mapping[str, Any]) -> FacilityEntry:
        """Return the entry of a row; raise Invalid with every faulty field."""
        faults: list[Fault] = []
        entry = FacilityEntry({})
        self._class(entry, row, faults)
        for role in UNITS:
            self._unit(entry, role, row)
        _state(entry, row, faults)
        _days(entry, row)
        self._pair(entry, row, faults)
        for name in PLAIN:
            if name in row:
                entry.values[name] = _text(row, name, faults)
        entry.census_areas = {level: code for level in AREAS if (code := str(row.get(level) or ""))}
        self._attributes(entry, row)
        if faults:
            raise Invalid(faults)
        return entry

    def _class(self, entry: FacilityEntry, row: Mapping[str, Any], faults: list[Fault]) -> None:
        text = str(row.get("code") or "")
        if not text:
            faults.append(Fault("code", "required"))
            return
        try:
            code = self._national_id(entry, text) if self._rules.ids == "national" else None
            entry.values["code"] = str(code) if code else foreign(text)
        except InvalidValue as error:
            faults.append(error.fault("code"))
            return
        named = None if self._rules.upgrade else self._rules.catalogue
        catalogue = named or (code.catalogue if code else HOME)
        own = self._class_of_row(catalogue, row, faults)
        category = code.class_code if code else own
        if not code and not own and not faults:
            faults.append(Fault("category", "facility-without-class"))
        if code and own and own != code.class_code:
            fault = Fault("category", "facility-id-of-other-class", {"id_class": code.class_code, "row_class": own})
            entry.doubts.append(FacilityDoubt("id and class disagree", fault))
        self._name(entry, catalogue, category, row, faults)

    def _national_id(self, entry: FacilityEntry, text: str) -> FacilityCode:
        code = parse(text)
        new = upgraded(code, self._successors) if self._rules.upgrade else code
        if new != code:
            entry.values["attributes"] = {"former_code": str(code)}
        return new

    def _class_of_row(self, catalogue: str, row: Mapping[str, Any], faults: list[Fault]) -> str:
        text = str(row.get("category") or "")
        names = self._names.get(catalogue, {})
        found = text if not text or text in names else self._codes_by_name.get(catalogue, {}).get(text)
        if found is None:
            faults.append(Fault("category", "not-a-component-class", {"value": text, "catalogue": catalogue}))
        return found or ""

    def _name(
        self, entry: FacilityEntry, catalogue: str, category: str, row: Mapping[str, Any], faults: list[Fault]
    ) -> None:
        names = self._names.get(catalogue, {})
        if category and category not in names:
            faults.append(Fault("code", "id-class-not-in-catalogue", {"code": category, "catalogue": catalogue}))
        name = _text(row, "name", faults) or names.get(category, "")
        other = self._codes_by_name.get(catalogue, {}).get(name, category)
        if other != category:
            values = {"name": name, "other": other, "category": category, "title": names.get(category, "")}
            fault = Fault("name", "facility-name-of-other-class", values)
            entry.doubts.append(FacilityDoubt("name and class disagree", fault))
        entry.values |= {"catalogue": catalogue, "category": category, "name": name}

    def _unit(self, entry: FacilityEntry, role: str, row: Mapping[str, Any]) -> None:
        if f"{role}_code" not in row and f"{role}_name" not in row:
            return
        code, name = (str(row.get(f"{role}_{part}") or "").strip() for part in ("code", "name"))
        unit, doubts = self._units.found(role, code.upper() if len(code) == 18 else code, name)
        entry.values |= {role: unit, f"{role}_name": name}
        entry.doubts += doubts

    def _pair(self, entry: FacilityEntry, row: Mapping[str, Any], faults: list[Fault]) -> None:
        if "lon" not in row or "lat" not in row:
            return
        given = [row["lon"], row["lat"]]
        if given == [None, None]:
            entry.doubts.append(FacilityDoubt("no position is given", Fault("lon", "facility-without-position")))
            return
        try:
            lon, lat = (float(value) for value in given)
        except (TypeError, ValueError):
            faults += [Fault(name, "not-a-number") for name in ("lon", "lat") if not _is_number(row[name])]
            return
        try:
            crs = self._system(str(row.get("crs") or ""))
        except InvalidValue as error:
            faults.append(error.fault("crs"))
            return
        fault = check_point(lon, lat) if isinstance(crs, Crs) else _flat_fault(lon, lat)
        if fault:
            faults.append(Fault("lat" if abs(lat) > 90 else "lon", fault.code))
        entry.pair, entry.crs = (lon, lat), crs
        entry.values |= {"raw_lon": _written(given[0]), "raw_lat": _written(given[1])}
        entry.values["crs"] = crs.value if isinstance(crs, Crs) else _epsg(crs)

    def _system(self, name: str) -> "Crs | Any":
        if not name:
            return self._rules.crs
        if name not in self._systems:
            self._systems[name] = area_systems.system(name)
        return self._systems[name]

    def _attributes(self, entry: FacilityEntry, row: Mapping[str, Any]) -> None:
        further = {name.partition(".")[2]: value for name, value in row.items() if name.startswith("attributes.")}
        kept = {name: value for name, value in further.items() if value not in (None, "")}
        for name in NAMED:
            level = name.removesuffix("_name")
            if row.get(name) and entry.census_areas.get(level) not in self._city.areas:
                kept[name] = str(row[name])
        if kept or further:
            entry.values["attributes"] = {**entry.values.get("attributes", {}), **kept}


def _state(entry: FacilityEntry, row: Mapping[str, Any], faults: list[Fault]) -> None:
    text = str(row.get("state") or "").strip()
    if not text:
        return
    if text not in STATE_WORDS:
        faults.append(Fault("state", "not-a-facility-state", {"value": text}))
        return
    entry.values["state"] = STATE_WORDS[text]


def _days(entry: FacilityEntry, row: Mapping[str, Any]) -> None:
    began, changed = row.get("began_on"), row.get("changed_on")
    entry.values |= {name: row[name] for name in ("began_on", "changed_on") if name in row}
    if isinstance(began, date) and isinstance(changed, date) and changed < began:
        fault = Fault("changed_on", "changed-before-it-began", {"changed": str(changed), "began": str(began)})
        entry.doubts.append(FacilityDoubt("changed before it began", fault))


def _text(row: Mapping[str, Any], name: str, faults: list[Fault]) -> str:
    text = str(row.get(name) or "").strip()
    if len(text) > LONGEST:
        faults.append(Fault(name, "too-long", {"most": LONGEST}))
    if "\x00" in text:
        faults.append(Fault(name, "unstorable-character"))
    return text


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
