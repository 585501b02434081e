"""The history of the city's data as text: tables, fields and kinds of change in the words of their users."""

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from cityloop.casework.words import area_name, limit_words, moment_words, named_category, unit_name
from cityloop.presentation.settings.facilities.words import state_words
from cityloop.presentation.settings.organisation.words import KIND_WORDS as UNIT_KIND_WORDS
from cityloop.presentation.settings.organisation.words import role_words
from cityloop.registry.areas.answers import level_title
from cityloop.registry.city.city import City
from cityloop.registry.city.current import current_city
from cityloop.registry.words.limits import parse_limit

TABLES = {
    "areas": gettext_noop("Areas"),
    "units": gettext_noop("Units"),
    "catalogues": gettext_noop("Catalogues"),
    "classes": gettext_noop("Classes"),
    "conditions": gettext_noop("Filing conditions"),
    "crosswalk": gettext_noop("Crosswalk"),
    "duties": gettext_noop("Responsibility"),
    "roster": gettext_noop("Rosters"),
    "facilities": gettext_noop("Facilities"),
    "places": gettext_noop("Gazetteer"),
}
EVENTS = {
    "AreasSet": gettext_noop("Areas entered"),
    "AreaChanged": gettext_noop("An area changed"),
    "UnitsSet": gettext_noop("Units entered"),
    "DutiesSet": gettext_noop("Responsibility entered"),
    "PacksTakenUp": gettext_noop("Packs taken up"),
    "ClassesSet": gettext_noop("Classes changed"),
    "CataloguesSet": gettext_noop("Catalogues changed"),
    "ConditionsSet": gettext_noop("Filing conditions entered"),
    "RosterSet": gettext_noop("Rosters entered"),
    "FacilitiesSet": gettext_noop("Facilities entered"),
    "FacilityChanged": gettext_noop("A facility changed"),
    "PlacesSet": gettext_noop("Gazetteer entries entered"),
    "PlacesLearned": gettext_noop("Gazetteer learned from cases"),
    "ChangesUndone": gettext_noop("A change undone"),
}
KINDS = {
    "created": gettext_noop("created"),
    "changed": gettext_noop("changed"),
    "removed": gettext_noop("removed"),
}
KINDS_OF_CLASS = {"component": gettext_noop("component"), "matter": gettext_noop("matter")}
FIELDS = {
    "code": gettext_noop("Code"),
    "name": gettext_noop("Called"),
    "level": gettext_noop("Level"),
    "parent": gettext_noop("Belongs to"),
    "shape": gettext_noop("Outline"),
    "grade": gettext_noop("Grade"),
    "valid_from": gettext_noop("Valid from"),
    "valid_until": gettext_noop("Valid until"),
    "attributes": gettext_noop("Further attributes"),
    "handles": gettext_noop("May be given cases"),
    "kind": gettext_noop("Kind"),
    "credit_code": gettext_noop("Unified social credit code"),
    "aliases": gettext_noop("Also called"),
    "telephone": gettext_noop("Telephone"),
    "is_active": gettext_noop("Active"),
    "title": gettext_noop("Title"),
    "standard": gettext_noop("Standard"),
    "in_force_from": gettext_noop("In force from"),
    "in_force_until": gettext_noop("In force until"),
    "in_use": gettext_noop("In use"),
    "catalogue": gettext_noop("Catalogue"),
    "major": gettext_noop("Major class"),
    "is_local": gettext_noop("Local"),
    "initials": gettext_noop("Initials"),
    "handle_limit": gettext_noop("Limit of handling"),
    "case_limit": gettext_noop("Limit of the case"),
    "number": gettext_noop("No."),
    "filing": gettext_noop("Filing condition"),
    "closing": gettext_noop("Closing condition"),
    "limits": gettext_noop("Limits"),
    "profile": gettext_noop("Profile"),
    "category": gettext_noop("Class of problems"),
    "area": gettext_noop("Area"),
    "unit": gettext_noop("Unit"),
    "is_listed": gettext_noop("On the list of powers and duties"),
    "basis": gettext_noop("Basis"),
    "role": gettext_noop("Role"),
    "starts_at": gettext_noop("From"),
    "ends_at": gettext_noop("Until"),
    "account": gettext_noop("Person"),
    "note": gettext_noop("Note"),
    "state": gettext_noop("State"),
    "authority": gettext_noop("Authority"),
    "owner": gettext_noop("Owner"),
    "maintainer": gettext_noop("Maintainer"),
    "authority_name": gettext_noop("Authority as written"),
    "owner_name": gettext_noop("Owner as written"),
    "maintainer_name": gettext_noop("Maintainer as written"),
    "began_on": gettext_noop("In place since"),
    "changed_on": gettext_noop("Changed on"),
    "origin": gettext_noop("Source of the record"),
    "remark": gettext_noop("Remark"),
    "lon": gettext_noop("Longitude"),
    "lat": gettext_noop("Latitude"),
    "raw_lon": gettext_noop("Longitude as given"),
    "raw_lat": gettext_noop("Latitude as given"),
    "crs": gettext_noop("Coordinate system"),
    "address": gettext_noop("Address"),
    "areas": gettext_noop("Areas"),
    "street": gettext_noop("Street"),
    "key": gettext_noop("Key"),
    "suffix": gettext_noop("Suffix"),
    "district": gettext_noop("District"),
    "community": gettext_noop("Community"),
    "spread_metres": gettext_noop("Spread (m)"),
    "seen": gettext_noop("Observations"),
    "source": gettext_noop("Source"),
    "status": gettext_noop("Status"),
}


ACTORS = {
    "system": gettext_noop("the system"),
    "demo": gettext_noop("the demo"),
    "command-line": gettext_noop("the command line"),
}
LIMITS = ("limits", "handle_limit", "case_limit")


def value_words(value: Any, name: str) -> str:
    """Return the value of a field as people read it."""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, dict):
        parts = ((_part(key, name) if key else "", _plain(word, name)) for key, word in value.items())
        return _(", ").join(": ".join(filter(None, part)) for part in parts)
    return _plain(value, name)


def _part(key: str, name: str) -> str:
    return level_title(key, current_city()) if name == "areas" else field_words(key)


def _plain(value: Any, name: str) -> str:
    if name in LIMITS and value:
        return limit_words(parse_limit(str(value)))
    known = _NAMED.get(name)
    return (known(str(value), current_city()) if known and value else None) or str(value)


def _kind(value: str, city: City) -> str | None:
    words = {**UNIT_KIND_WORDS, **KINDS_OF_CLASS}.get(value)
    return _(words) if words else None


def _class(value: str, city: City) -> str | None:
    names = (category.name for category in city.classes.values() if category.code == value)
    name = named_category(value, None, city) if value in city.classes else next(names, None)
    return f"{name} {value}" if name else None


def _unit_or_area(value: str, city: City) -> str | None:
    return unit_name(value, city) if value in city.units else area_name(value, city)


def _moment(value: str, city: City) -> str | None:
    return moment_words(datetime.fromisoformat(value))


_AREA_FIELDS = ("areas", "area", "district", "street", "community")
_UNIT_FIELDS = ("unit", "authority", "owner", "maintainer")
_NAMED: Mapping[str, Callable[[str, City], str | None]] = {
    "kind": _kind,
    "state": lambda value, city: state_words(value),
    "category": _class,
    "level": level_title,
    "parent": _unit_or_area,
    "role": role_words,
    "crs": lambda value, city: value.upper(),
    "starts_at": _moment,
    "ends_at": _moment,
    **dict.fromkeys(_AREA_FIELDS, area_name),
    **dict.fromkeys(_UNIT_FIELDS, unit_name),
}


def key_words(key: str) -> str:
    """Return the key of a row as people read it: its parts with blanks between."""
    return " ".join(json.loads(key)) if key.startswith("[") else key


def actor_words(name: str) -> str:
    """Return who changed something: a person's name, or the system's."""
    return _(ACTORS[name]) if name in ACTORS else name


def table_words(name: str) -> str:
    """Return the title of a table."""
    return _(TABLES[name]) if name in TABLES else name


def event_words(name: str) -> str:
    """Return the title of a change."""
    return _(EVENTS[name]) if name in EVENTS else name


def kind_words(name: str) -> str:
    """Return created, changed or removed."""
    return _(KINDS[name])


def field_words(name: str) -> str:
    """Return the title of a field."""
    return _(FIELDS[name]) if name in FIELDS else name
