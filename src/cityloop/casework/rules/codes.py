"""Checks the codes that people choose against the city: classes, conditions, districts, units.

What core can check without a city is checked in core.procedures.needs.
"""

from collections.abc import Sequence

from cityloop.core.errors import Fault, Invalid
from cityloop.core.procedures.needs import members
from cityloop.core.procedures.procedure import Need, NeedKind, Words
from cityloop.registry.city.city import City


def check_codes(needs: Sequence[Need], inputs: Words, category: str | None, city: City) -> None:
    """Refuse a category, district or unit that the city does not have, and a condition that the category does not have.

    `category` is the category of the case, if it has one; one among the inputs comes first.
    """
    category = inputs.get("category") or category or ""
    unknown = [
        need
        for need in needs
        if need.kind in _CODES and not set(members(inputs.get(need.name))) <= _CODES[need.kind](city)
    ]
    unknown += [
        need
        for need in needs
        if need.kind is NeedKind.CONDITION and (name := inputs.get(need.name)) and not _has(category, name, city)
    ]
    if unknown:
        raise Invalid([Fault(need.name, "not-a-choice") for need in unknown])


def _has(category: str, condition: str, city: City) -> bool:
    return city.condition(condition) is not None and condition.rpartition(" ")[0] == category


def _units(city: City) -> set[str]:
    return {code for code, unit in city.units.items() if unit.handles}


_CODES = {
    NeedKind.CATEGORY: lambda city: set(city.categories),
    NeedKind.DISTRICT: lambda city: {code for code, area in city.areas.items() if area.level == "district"},
    NeedKind.UNIT: _units,
    NeedKind.UNITS: _units,
}
