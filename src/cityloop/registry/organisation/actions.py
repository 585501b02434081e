"""Writing units, duties and rosters: what is wrong is told by name, what is right is entered and can be undone.

People and their posts are in accounts.py, what stands in the city's memory in city.py.
"""

import string
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from django.utils.timezone import localtime

from cityloop.core.codes import credit as credit_codes
from cityloop.core.errors import Conflict, Fault, Invalid
from cityloop.core.place.responsibility import Duties, DutyRule
from cityloop.registry.city.city import City
from cityloop.registry.history.changes import ChangeOutcome, TableChange, apply, every
from cityloop.registry.history.tables import DUTIES, ROSTER, UNITS, Values
from cityloop.registry.models import UNIT_KINDS, Change, Roster, Unit

LONGEST_SHIFT = timedelta(days=7)
LONGEST_WORDS = 200
LONGEST_CODE = 64
CODE_SIGNS = frozenset(string.ascii_letters + string.digits + "-_.")

Faults = dict[str, list[Fault]]  # by the key of the row


def set_units(rows: Sequence[Values], by: str, now: datetime, *, source: str = "") -> ChangeOutcome:
    """Enter units or change known ones; Invalid naming every fault."""
    _refuse(unit_faults(rows))
    return apply([TableChange(UNITS, rows)], by, now, "UnitsSet", source=source)


def enter_units(units: Mapping[str, str], by: str, now: datetime, *, handles: bool = True) -> ChangeOutcome:
    """Enter units by code and name alone, or rename known ones."""
    return set_units([{"code": code, "name": name, "handles": handles} for code, name in units.items()], by, now)


def change_unit(code: str, values: Values, reason: str, seen: int, by: str, now: datetime) -> ChangeOutcome:
    """Change one unit by hand; Conflict where it was changed since the change `seen`."""
    _check_reason(reason)
    _refuse(unit_faults([{**values, "code": code}]))
    if last_change(code) > seen:
        raise Conflict("changed-meanwhile", "Somebody else changed this meanwhile; look at it again.")
    return set_units([{**values, "code": code}], by, now, source=reason)


def add_unit(code: str, values: Values, reason: str, by: str, now: datetime) -> ChangeOutcome:
    """Enter a new unit by hand; Conflict where its code is another's."""
    _check_reason(reason)
    if not code or not set(code) <= CODE_SIGNS or len(code) > LONGEST_CODE:
        raise Invalid([Fault("code", "A code has letters, digits, hyphens and dots, at most 64.")])
    if Unit.objects.filter(code=code).exists():
        raise Conflict("unit-exists", f"There already is a unit with the code {code}.")
    return set_units([{**values, "code": code}], by, now, source=reason)


def last_change(code: str) -> int:
    """Return the number of the last change of a unit in the history, 0 where there was none."""
    rows = Change.objects.filter(table=UNITS.name, key=code).order_by("-id")
    return rows.values_list("changes_id", flat=True).first() or 0


def set_duties(
    rows: Sequence[Values], by: str, now: datetime, *, city: City, gone: Sequence[str] = (), source: str = ""
) -> ChangeOutcome:
    """Enter who sees to what where; Invalid where that pushes a department's duty down to a community."""
    _refuse(duty_faults(rows, city))
    return apply([TableChange(DUTIES, rows, gone)], by, now, "DutiesSet", source=source)


def set_shifts(
    rows: Sequence[Values], by: str, now: datetime, *, gone: Sequence[str] = (), source: str = ""
) -> ChangeOutcome:
    """Enter who stands on duty when; Invalid for shifts that cannot be."""
    _refuse(shift_faults(rows))
    return apply([TableChange(ROSTER, rows, gone)], by, now, "RosterSet", source=source)


def unit_faults(rows: Sequence[Values]) -> Faults:
    """Return what is wrong with units that are to be entered, by code: one alone, and all together with those known."""
    known = every(UNITS)
    whole = {**known, **{row["code"]: {**known.get(row["code"], {}), **row} for row in rows}}
    found: Faults = {}
    for row in rows:
        faults = [*_words_faults(row), *_unit_faults(row)]
        if parent := row.get("parent"):
            if parent not in whole:
                faults.append(Fault("parent", f"{parent} is no unit of the city"))
            elif ring := _ring(row["code"], whole):
                faults.append(Fault("parent", f"these units belong to each other in a ring: {' → '.join(ring)}"))
        if faults:
            found[row["code"]] = faults
    return found


def doubled_names(rows: Sequence[Values]) -> list[str]:
    """Return in words which names several units have, once these are entered."""
    called: dict[str, list[str]] = {}
    named = {code: str(row["name"]) for code, row in every(UNITS).items()}
    named |= {row["code"]: row["name"] for row in rows}
    for code, name in named.items():
        called.setdefault(name, []).append(code)
    ours = {row["code"] for row in rows}
    return [
        f"{name} is the name of {len(codes)} units: {', '.join(sorted(codes))}"
        for name, codes in sorted(called.items())
        if len(codes) > 1 and ours & set(codes)
    ]


def duty_faults(rows: Sequence[Values], city: City) -> Faults:
    """Return what is wrong with duties that are to be entered, by their keys.

    A community, or what belongs to one, is given no duty that a department has on its list for all of that area.
    """
    whole = {**every(DUTIES), **{DUTIES.named(row): row for row in rows}}
    listed = Duties.of(DutyRule(*(row.get(name, "") for name in DUTIES.all_fields)) for row in whole.values())
    found: Faults = {}
    for row in rows:
        faults = _words_faults(row)
        there = city.lineage(row["area"]) if row["area"] else {}
        duty = listed.listed(row["category"], there, city.is_department)
        if duty and city.is_of_community(row["unit"]):
            whose = f"{city.units[duty.unit].name} ({duty.basis})" if duty.basis else city.units[duty.unit].name
            faults.append(Fault("unit", f"stands on the list of powers and duties of {whose}: not to be pushed down"))
        if row["area"] and row["area"] not in city.areas:
            faults.append(Fault("area", f"{row['area']} is no area of the city"))
        if faults:
            found[DUTIES.named(row)] = faults
    return found


def shift_faults(rows: Iterable[Values]) -> Faults:
    """Return what is wrong with shifts, by their keys."""
    found: Faults = {}
    for row in rows:
        length = _moment(row["ends_at"]) - _moment(row["starts_at"])
        if length <= timedelta(0):
            found[ROSTER.named(row)] = [Fault("ends_at", "the shift ends before it begins")]
        elif length > LONGEST_SHIFT:
            found[ROSTER.named(row)] = [Fault("ends_at", f"the shift is longer than {LONGEST_SHIFT.days} days")]
    return found


def overlaps(rows: Sequence[Values]) -> list[str]:
    """Return in words which people stand on two of the shifts at once, those on record included."""
    if not rows:
        return []
    first, last = min(row["starts_at"] for row in rows), max(row["ends_at"] for row in rows)
    known = Roster.objects.filter(starts_at__lt=last, ends_at__gt=first)
    shifts = set(known.values_list("account__username", "unit__code", "role", "starts_at", "ends_at"))
    shifts |= {
        (row["account"], row["unit"], row["role"], _moment(row["starts_at"]), _moment(row["ends_at"])) for row in rows
    }
    told: list[str] = []
    longest: tuple[str, str, str, datetime, datetime] | None = None  # of the person, of those looked at
    for one in sorted(shifts, key=lambda shift: (shift[0], shift[3], shift[4], shift[1], shift[2])):
        who, unit, _, starts, ends = one
        if longest and longest[0] == who and starts < longest[4]:
            told.append(
                f"{who} is on two shifts at once: {longest[1]} until {_plain(longest[4])}, {unit} from {_plain(starts)}"
            )
        if longest is None or longest[0] != who or ends > longest[4]:
            longest = one
    return told


def shift(unit: str, role: str, username: str, starts_at: datetime, ends_at: datetime, note: str) -> dict[str, Any]:
    """Return a shift as a row."""
    moments = {"starts_at": spelled(starts_at), "ends_at": spelled(ends_at)}
    return {"unit": unit, "role": role, "account": username, **moments, "note": note}


def spelled(moment: datetime) -> str:
    """Return a moment as rows of rosters hold it."""
    return moment.astimezone(UTC).isoformat()


def _unit_faults(row: Values) -> list[Fault]:
    faults = []
    if row.get("kind", "department") not in UNIT_KINDS:
        faults.append(Fault("kind", f"{row['kind']} is none of {', '.join(UNIT_KINDS)}"))
    if (code := row.get("credit_code")) and (found := credit_codes.fault(code)):
        faults.append(found)
    if "name" in row and not row["name"]:
        faults.append(Fault("name", "must be given"))
    return faults


def _words_faults(row: Values) -> list[Fault]:
    faults = []
    for name, word in ((name, word) for name, value in row.items() for word in _each(value)):
        if len(word) > LONGEST_WORDS:
            faults.append(Fault(name, f"longer than {LONGEST_WORDS} characters"))
        elif not word.isprintable():
            faults.append(Fault(name, "holds signs that cannot be read"))
    return faults


def _each(value: Any) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,)
    return tuple(value) if isinstance(value, list | tuple) else ()


def _ring(code: str, units: Mapping[str, Values]) -> list[str]:
    """Return the units above one by name, up to itself; [] where it does not come back to it."""
    seen, above = [code], units[code].get("parent")
    while above and above in units and above not in seen:
        seen.append(above)
        above = units[above].get("parent")
    return [str(units[one]["name"]) for one in (*seen, code)] if above == code else []


def _moment(words: str) -> datetime:
    return datetime.fromisoformat(words)


def _plain(moment: datetime) -> str:
    return localtime(moment).strftime("%Y-%m-%d %H:%M")


def _check_reason(reason: str) -> None:
    if not reason:
        raise Invalid([Fault("reason", "This must be filled in.")])
    if faults := _words_faults({"reason": reason}):
        raise Invalid(faults)


def _refuse(found: Faults) -> None:
    if faults := [fault for faults in found.values() for fault in faults]:
        raise Invalid(faults)
