"""Facilities as text: states, the map and the form of one facility. What is valid is decided in registry/facilities."""

from collections.abc import Mapping
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from cityloop.casework.queries import Choice
from cityloop.core.errors import Refusal
from cityloop.presentation.pages.fields import FormField, faults_of
from cityloop.registry.city.city import City
from cityloop.registry.facilities.actions import UNITS
from cityloop.registry.models import STATES, Facility

STATE_WORDS = dict(
    zip(
        STATES,
        (
            gettext_noop("intact"),
            gettext_noop("damaged"),
            gettext_noop("missing"),
            gettext_noop("abandoned"),
            gettext_noop("taken away"),
        ),
        strict=True,
    )
)
ROLE_WORDS = {
    "authority": gettext_noop("Authority"),
    "owner": gettext_noop("Owner"),
    "maintainer": gettext_noop("Maintainer"),
}
LEVEL_WORDS = {
    "district": gettext_noop("District"),
    "street": gettext_noop("Street"),
    "community": gettext_noop("Community"),
    "unit_grid": gettext_noop("Unit grid"),
}


def state_words(state: str) -> str:
    """Return the name of a state of a facility."""
    return _(STATE_WORDS[state]) if state in STATE_WORDS else state


def state_choices() -> tuple[Choice, ...]:
    """Return the states to choose from."""
    return tuple(Choice(state, state_words(state)) for state in STATES)


def units_of(row: Facility, city: City) -> list[tuple[str, str, bool]]:
    """Return the units of a facility: what each is to it, its name, whether the city knows it."""
    found = []
    for role in UNITS:
        code = getattr(row, role)
        unit = city.units.get(code)
        words = unit.name if unit else getattr(row, f"{role}_name") or code
        found.append((_(ROLE_WORDS[role]), words, unit is not None))
    return found


def areas_of(row: Facility, city: City) -> list[tuple[str, str]]:
    """Return the areas of a facility: the kind and the name of each, its code where the city does not know it."""
    return [
        (_(words), area.name if (area := city.areas.get(row.areas[level])) else row.areas[level])
        for level, words in LEVEL_WORDS.items()
        if row.areas.get(level)
    ]


def map_of(row: Facility) -> Mapping[str, Any] | None:
    """Return what the small map of a facility draws; None where its place is not known."""
    if row.lon is None or row.lat is None:
        return None
    properties = {"name": row.name, "code": row.code, "state": state_words(row.state)}
    point = {"type": "Point", "coordinates": [row.lon, row.lat]}
    feature = {"type": "Feature", "id": row.code, "geometry": point, "properties": properties}
    layer = {
        "title": row.name,
        "data": {"type": "FeatureCollection", "features": [feature]},
        "look": {"title": row.name, "tone": "blue", "shape": "circle"},
        "card": {"title": "name", "rows": [["code", _("Id")], ["state", _("State")]]},
    }
    return {"layers": [layer]}


def edit_fields(row: Facility, city: City, posted: Mapping[str, str], refusal: Refusal | None) -> tuple[FormField, ...]:
    """Return the form that changes a facility, with what was typed and its faults."""
    faults = faults_of(refusal)

    def field(name: str, words: str, kind: str, value: str, **more: Any) -> FormField:
        return FormField(name, words, kind, value=posted.get(name, value), fault=faults.get(name, ""), **more)

    units = (
        field(role, _(ROLE_WORDS[role]), "select", getattr(row, role), choices=_unit_choices(row, role, city))
        for role in UNITS
    )
    reason = field("reason", _("Reason"), "line", "", required=True, help=_("It is shown in the history."))
    state = field("state", _("State"), "select", row.state, required=True, choices=state_choices())
    return (state, *units, field("remark", _("Remark"), "text", row.remark, rows=2), reason)


def _unit_choices(row: Facility, role: str, city: City) -> tuple[Choice, ...]:
    known = tuple(Choice(unit.code, unit.name) for unit in city.units.values() if unit.is_active)
    code = getattr(row, role)
    own = (Choice(code, getattr(row, f"{role}_name") or code),) if code and code not in city.units else ()
    closed = (Choice(code, city.units[code].name),) if code in city.units and not city.units[code].is_active else ()
    return (*own, *closed, *known)


def facility_url(code: str) -> str:
    """Return the address of a facility's page."""
    return reverse("settings:facility", args=[code])
