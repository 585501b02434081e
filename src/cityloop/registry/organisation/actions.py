"""Checks and writes units, duties and rosters; every change can be undone.

People and their posts are in people/accounts.py.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from django.utils.timezone import localtime

from cityloop.core.codes import credit as credit_codes
from cityloop.core.codes import form as codes
from cityloop.core.errors import Conflict, Fault, Invalid
from cityloop.core.invalid_values import InvalidValue
from cityloop.core.place.responsibility import Duties, DutyRule
from cityloop.registry.city.city import City
from cityloop.registry.history.changes import ChangeOutcome, TableChange, apply, every
from cityloop.registry.history.tables import DUTIES, ROSTER, UNITS, Values
from cityloop.registry.models import UNIT_KINDS, Change, Roster, Unit

LONGEST_SHIFT = timedelta(days=7)
LONGEST_WORDS = 200

Faults = dict[str, list[Fault]]  # by the key of the row


def set_units(rows: Sequence[Values], by: str, now: datetime, *, source: str = "") -> ChangeOutcome:
    """Enter units or change known ones; Invalid with every fault."""
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
        raise Conflict("changed-meanwhile")
    return set_units([{**values, "code": code}], by, now, source=reason)


def add_unit(code: str, values: Values, reason: str, by: str, now: datetime) -> ChangeOutcome:
    """Enter a new unit by hand; Conflict where its code is taken."""
    _check_reason(reason)
    if Unit.objects.filter(code=code).exists():
        raise Conflict("unit-exists")
    return set_units([{**values, "code": code}], by, now, source=reason)


def last_change(code: str) -> int:
    """Return the number of the last change of a unit in the history, 0 where there was none."""
    rows = Change.objects.filter(table=UNITS.name, key=code).order_by("-id")
    return rows.values_list("changes_id", flat=True).first() or 0


def set_duties(
    rows: Sequence[Values], by: str, now: datetime, *, city: City, removed: Sequence[str] = (), source: str = ""
) -> ChangeOutcome:
    """Enter who sees to what where; Invalid where that pushes a department's duty down to a community."""
    _refuse(duty_faults(rows, city))
    return apply([TableChange(DUTIES, rows, removed)], by, now, "DutiesSet", source=source)


def set_shifts(
    rows: Sequence[Values], by: str, now: datetime, *, removed: Sequence[str] = (), source: str = ""
) -> ChangeOutcome:
    """Enter who is on duty when; Invalid for shifts that cannot be."""
    _refuse(shift_faults(rows))
    return apply([TableChange(ROSTER, rows, removed)], by, now, "RosterSet", source=source)


def unit_faults(rows: Sequence[Values]) -> Faults:
    """Return the faults of units that are to be entered, by code: of each alone, and together with the known ones."""
    known = every(UNITS)
    whole = {**known, **{row["code"]: {**known.get(row["code"], {}), **row} for row in rows}}
    found: Faults = {}
    for row in rows:
        faults = [*_text_faults(row), *_unit_faults(row)]
        if row["code"] not in known:
            faults += _code_faults(row["code"])
        if parent := row.get("parent"):
            if parent not in whole:
                faults.append(Fault("parent", "unknown-unit", {"value": parent}))
            elif ring := _ring(row["code"], whole):
                faults.append(Fault("parent", "units-in-a-ring", {"units": " → ".join(ring)}))
        if faults:
            found[row["code"]] = faults
    return found


def doubled_names(rows: Sequence[Values]) -> list[str]:
    """Return a sentence for each name that several units have once these are entered."""
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
    """Return the faults of duties that are to be entered, by their keys.

    A community, or a unit that belongs to one, gets no duty that a department has on its list for all of that area.
    """
    whole = {**every(DUTIES), **{DUTIES.named(row): row for row in rows}}
    listed = Duties.of(DutyRule(*(row.get(name, "") for name in DUTIES.all_fields)) for row in whole.values())
    found: Faults = {}
    for row in rows:
        faults = _text_faults(row)
        there = city.lineage(row["area"]) if row["area"] else {}
        duty = listed.listed(row["category"], there, city.is_department)
        if duty and city.is_of_community(row["unit"]):
            whose = f"{city.units[duty.unit].name} ({duty.basis})" if duty.basis else city.units[duty.unit].name
            faults.append(Fault("unit", "listed-for-department", {"unit": whose}))
        if row["area"] and row["area"] not in city.areas:
            faults.append(Fault("area", "unknown-area", {"value": row["area"]}))
        if faults:
            found[DUTIES.named(row)] = faults
    return found


def shift_faults(rows: Iterable[Values]) -> Faults:
    """Return the faults of shifts, by their keys."""
    found: Faults = {}
    for row in rows:
        length = _moment(row["ends_at"]) - _moment(row["starts_at"])
        if length <= timedelta(0):
            found[ROSTER.named(row)] = [Fault("ends_at", "ends-before-it-begins")]
        elif length > LONGEST_SHIFT:
            found[ROSTER.named(row)] = [Fault("ends_at", "shift-too-long", {"most": LONGEST_SHIFT.days})]
    return found


def overlaps(rows: Sequence[Values]) -> list[str]:
    """Return a sentence for each person who has two shifts at once, of these and of those in the roster."""
    if not rows:
        return []
    first, last = min(row["starts_at"] for row in rows), max(row["ends_at"] for row in rows)
    known = Roster.objects.filter(starts_at__lt=last, ends_at__gt=first)
    shifts = set(known.values_list("account__username", "unit__code", "role", "starts_at", "ends_at"))
    shifts |= {
        (row["account"], row["unit"], row["role"], _moment(row["starts_at"]), _moment(row["ends_at"])) for row in rows
    }
    notices: list[str] = []
    longest: tuple[str, str, str, datetime, datetime] | None = None  # of the same person, among the shifts so far
    for row in sorted(shifts, key=lambda row: (row[0], row[3], row[4], row[1], row[2])):
        who, unit, _, starts, ends = row
        if longest and longest[0] == who and starts < longest[4]:
            notices.append(
                f"{who} is on two shifts at once: {longest[1]} until {_plain(longest[4])}, {unit} from {_plain(starts)}"
            )
        if longest is None or longest[0] != who or ends > longest[4]:
            longest = row
    return notices


def shift(unit: str, role: str, username: str, starts_at: datetime, ends_at: datetime, note: str) -> dict[str, Any]:
    """Return a shift as a row."""
    moments = {"starts_at": spelled(starts_at), "ends_at": spelled(ends_at)}
    return {"unit": unit, "role": role, "account": username, **moments, "note": note}


def spelled(moment: datetime) -> str:
    """Return a moment as rows of rosters have it."""
    return moment.astimezone(UTC).isoformat()


def _unit_faults(row: Values) -> list[Fault]:
    faults = []
    if row.get("kind", "department") not in UNIT_KINDS:
        faults.append(Fault("kind", "unknown-choice", {"value": row["kind"]}))
    if (code := row.get("credit_code")) and (found := credit_codes.fault(code)):
        faults.append(found)
    if "name" in row and not row["name"]:
        faults.append(Fault("name", "required"))
    return faults


def _code_faults(code: str) -> list[Fault]:
    try:
        codes.checked(code)
    except InvalidValue as error:
        return [error.fault("code")]
    return []


def _text_faults(row: Values) -> list[Fault]:
    faults = []
    for name, text in ((name, text) for name, value in row.items() for text in _texts(value)):
        if len(text) > LONGEST_WORDS:
            faults.append(Fault(name, "too-long", {"most": LONGEST_WORDS}))
        elif not text.isprintable():
            faults.append(Fault(name, "unreadable-character"))
    return faults


def _texts(value: Any) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,)
    return tuple(value) if isinstance(value, list | tuple) else ()


def _ring(code: str, units: Mapping[str, Values]) -> list[str]:
    """Return the names of the units above a unit, up to itself; [] where the path does not come back to it."""
    seen, above = [code], units[code].get("parent")
    while above and above in units and above not in seen:
        seen.append(above)
        above = units[above].get("parent")
    return [str(units[unit]["name"]) for unit in (*seen, code)] if above == code else []


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _plain(moment: datetime) -> str:
    return localtime(moment).strftime("%Y-%m-%d %H:%M")


def _check_reason(reason: str) -> None:
    if not reason:
        raise Invalid([Fault("reason", "required")])
    if faults := _text_faults({"reason": reason}):
        raise Invalid(faults)


def _refuse(found: Faults) -> None:
    if faults := [fault for faults in found.values() for fault in faults]:
        raise Invalid(faults)
