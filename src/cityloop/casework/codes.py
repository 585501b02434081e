"""The codes that people choose, checked against the city: classes, districts, units. Their shape is checked in core."""

from collections.abc import Sequence

from cityloop.core.errors import Fault, Invalid
from cityloop.core.needs import UNKNOWN, members
from cityloop.core.procedure import Need, NeedKind, Words
from cityloop.registry.city import City


def check_codes(needs: Sequence[Need], inputs: Words, town: City) -> None:
    """Refuse a category, district or unit that the city does not have."""
    faults = [
        Fault(need.name, UNKNOWN)
        for need in needs
        if need.kind in _KNOWN and not set(members(inputs.get(need.name))) <= _KNOWN[need.kind](town)
    ]
    if faults:
        raise Invalid(faults)


def _units(town: City) -> set[str]:
    return {code for code, unit in town.units.items() if unit.handles}


_KNOWN = {
    NeedKind.CATEGORY: lambda town: set(town.categories),
    NeedKind.DISTRICT: lambda town: {code for code, area in town.areas.items() if area.level == "district"},
    NeedKind.UNIT: _units,
    NeedKind.UNITS: _units,
}
