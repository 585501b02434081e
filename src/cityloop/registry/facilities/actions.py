"""Change one facility by hand: its state, units and remark, with the reason. A census comes from an import.

The callers decide who may do it. The history keeps the former values, and a change can be undone there.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from cityloop.core.errors import Conflict, Fault, Invalid, NotFound
from cityloop.registry.city.city import City
from cityloop.registry.city.current import current_city
from cityloop.registry.facilities.queries import facility
from cityloop.registry.history.changes import ChangeOutcome, TableChange, apply
from cityloop.registry.history.tables import FACILITIES
from cityloop.registry.models import STATES, Change, Facility

EVENT = "FacilityChanged"
UNITS = ("authority", "owner", "maintainer")
LONGEST = 1000


@dataclass(frozen=True, slots=True)
class FacilityEdit:
    """The values a facility is to get; `seen` is the number of its last change that the person has seen."""

    state: str
    units: Mapping[str, str]  # by role the code of a unit, "" for none, or the present text
    remark: str
    reason: str
    seen: int


def change_facility(code: str, wanted: FacilityEdit, by: str, now: datetime) -> ChangeOutcome:
    """Change the state, units or remark of a facility.

    Raise Invalid for faults in fields, Conflict if somebody else changed the facility since `seen`.
    """
    row = facility(code)
    if row is None:
        raise NotFound("no-such-facility")
    city = current_city()
    if faults := list(_faults(row, wanted, city)):
        raise Invalid(faults)
    if last_change(code) > wanted.seen:
        raise Conflict("changed-meanwhile")
    values = {"code": code, "state": wanted.state, "remark": wanted.remark, **_units(row, wanted, city)}
    return apply([TableChange(FACILITIES, [values])], by, now, EVENT, source=wanted.reason, details={"facility": code})


def last_change(code: str) -> int:
    """Return the number of the last change of a facility in the history, 0 if there was none."""
    rows = Change.objects.filter(table=FACILITIES.name, key=code).order_by("-id")
    return rows.values_list("changes_id", flat=True).first() or 0


def _faults(row: Facility, wanted: FacilityEdit, city: City) -> list[Fault]:
    faults = [
        Fault(role, "not-a-choice")
        for role in UNITS
        if (unit := wanted.units.get(role, "")) and unit not in city.units and unit != getattr(row, role)
    ]
    if wanted.state not in STATES:
        faults.append(Fault("state", "not-a-choice"))
    if not wanted.reason:
        faults.append(Fault("reason", "required"))
    for name in ("remark", "reason"):
        text = getattr(wanted, name)
        if len(text) > LONGEST:
            faults.append(Fault(name, "too-long", {"most": LONGEST}))
        elif "\x00" in text:
            faults.append(Fault(name, "unstorable-character"))
    return faults


def _units(row: Facility, wanted: FacilityEdit, city: City) -> dict[str, str]:
    """Return the units that change, with their names."""
    found: dict[str, str] = {}
    for role in UNITS:
        unit = wanted.units.get(role, "")
        if unit != getattr(row, role):
            found |= {role: unit, f"{role}_name": city.units[unit].name if unit else ""}
    return found
