"""Changing one facility by hand: its state, its units, its remark, with the reason. A census comes in by an import.

Who may do it is decided above. The history of the facility keeps what was before, and a change can be undone there.
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
    """What a facility is to be; `seen` is the last change of it that the person had before the eyes."""

    state: str
    units: Mapping[str, str]  # by role the code of a unit, "" for none, or the words that stand there
    remark: str
    reason: str
    seen: int


def change_facility(code: str, wanted: FacilityEdit, by: str, now: datetime) -> ChangeOutcome:
    """Give a facility another state, other units or another remark.

    Raises Invalid for wrong fields, Conflict when it was changed since it was looked at.
    """
    row = facility(code)
    if row is None:
        raise NotFound("no-such-facility", "There is no such facility.")
    city = current_city()
    if faults := list(_faults(row, wanted, city)):
        raise Invalid(faults)
    if last_change(code) > wanted.seen:
        raise Conflict("changed-meanwhile", "Somebody else changed this meanwhile; look at it again.")
    values = {"code": code, "state": wanted.state, "remark": wanted.remark, **_units(row, wanted, city)}
    return apply([TableChange(FACILITIES, [values])], by, now, EVENT, source=wanted.reason, details={"facility": code})


def last_change(code: str) -> int:
    """Return the number of the last change of a facility in the history, 0 where there was none."""
    rows = Change.objects.filter(table=FACILITIES.name, key=code).order_by("-id")
    return rows.values_list("changes_id", flat=True).first() or 0


def _faults(row: Facility, wanted: FacilityEdit, city: City) -> list[Fault]:
    faults = [
        Fault(role, "This is not one of the choices.")
        for role in UNITS
        if (unit := wanted.units.get(role, "")) and unit not in city.units and unit != getattr(row, role)
    ]
    if wanted.state not in STATES:
        faults.append(Fault("state", "This is not one of the choices."))
    if not wanted.reason:
        faults.append(Fault("reason", "This must be filled in."))
    for name in ("remark", "reason"):
        words = getattr(wanted, name)
        if len(words) > LONGEST:
            faults.append(Fault(name, f"is longer than {LONGEST} characters"))
        elif "\x00" in words:
            faults.append(Fault(name, "contains a character that cannot be stored"))
    return faults


def _units(row: Facility, wanted: FacilityEdit, city: City) -> dict[str, str]:
    """Return the units that are other ones now, with the names they go by."""
    found: dict[str, str] = {}
    for role in UNITS:
        unit = wanted.units.get(role, "")
        if unit != getattr(row, role):
            found |= {role: unit, f"{role}_name": city.units[unit].name if unit else ""}
    return found
