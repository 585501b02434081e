"""The codes that people choose, checked against the city: classes, districts, units. Their shape is checked in core."""

from collections.abc import Sequence

from cityloop.core.errors import Fault, Invalid
from cityloop.core.procedures.needs import UNKNOWN, members
from cityloop.core.procedures.procedure import Need, NeedKind, Words
from cityloop.registry.city.city import City


def check_codes(needs: Sequence[Need], inputs: Words, category: str | None, city: City) -> None:
    """Refuse a category, district or unit that the city does not have, and a condition that its category has not.

    `category` is that of the case, where it has one.
    """
    category = inputs.get("category") or category or ""
    faults = [
        Fault(need.name, UNKNOWN)
        for need in needs
        if need.kind in _KNOWN and not set(members(inputs.get(need.name))) <= _KNOWN[need.kind](city)
    ]
    faults += [
        Fault(need.name, UNKNOWN)
        for need in needs
        if need.kind is NeedKind.CONDITION and (said := inputs.get(need.name)) and not _has(category, said, city)
    ]
    if faults:
        raise Invalid(faults)


def _has(category: str, condition: str, city: City) -> bool:
    return city.condition(condition) is not None and condition.rpartition(" ")[0] == category


def _units(city: City) -> set[str]:
    return {code for code, unit in city.units.items() if unit.handles}


_KNOWN = {
    NeedKind.CATEGORY: lambda city: set(city.categories),
    NeedKind.DISTRICT: lambda city: {code for code, area in city.areas.items() if area.level == "district"},
    NeedKind.UNIT: _units,
    NeedKind.UNITS: _units,
}
