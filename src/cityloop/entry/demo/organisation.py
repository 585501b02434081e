"""The organisation of the demo city: the tree of units, the list of powers and duties, the roster."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from cityloop.core.clocks.shifts import shift_moments
from cityloop.entry.demo.script import Organised, Script
from cityloop.registry.history.changes import TableChange, apply
from cityloop.registry.history.tables import DUTIES
from cityloop.registry.organisation import actions as organisation

DAYS = 14  # of the roster, from Monday of the present week


def organise(script: Script, by: str, now: datetime) -> None:
    """Store the kinds and parents of units, the additional duties, and those on the list of powers and duties."""
    organisation.set_units([_unit(unit) for unit in script.organisation], by, now)
    duties: list[dict[str, Any]] = [{"category": c, "area": a, "unit": u} for c, a, u in script.also]
    duties += [
        {"category": category, "area": area, "unit": unit, "is_listed": True, "basis": basis}
        for category, area, unit, basis in script.listed
    ]
    apply([TableChange(DUTIES, duties)], by, now, "DutiesSet")


def enter_roster(script: Script, by: str, now: datetime, zone: ZoneInfo) -> None:
    """Store who is on duty in this week and the next."""
    organisation.set_shifts(list(_shifts(script, now, zone)), by, now)


def _unit(unit: Organised) -> dict[str, Any]:
    return {**unit.model_dump(exclude_none=True), "aliases": list(unit.aliases)}


def _shifts(script: Script, now: datetime, zone: ZoneInfo) -> Iterator[dict[str, Any]]:
    today = now.astimezone(zone).date()
    monday = today - timedelta(days=today.weekday())
    for turns in script.roster:
        turn = 0
        for number in range(DAYS):
            for hours in turns.hours:
                starts_at, ends_at = shift_moments(monday + timedelta(days=number), hours, zone)
                person = turns.people[turn % len(turns.people)]
                turn += 1
                yield organisation.shift(turns.unit, turns.role, person, starts_at, ends_at, "")
