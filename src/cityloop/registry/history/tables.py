"""The tables of the city's data as their history keeps them: which fields name a row, and which others it has.

A row is plain JSON here, with the codes of what it refers to. changes.py writes them.
"""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any, cast

from django.db import models
from django.db.models import Model

from cityloop.registry.models import (
    Account,
    Area,
    Catalogue,
    Category,
    Condition,
    Crosswalk,
    Duty,
    Facility,
    Place,
    Roster,
    Unit,
)

Values = Mapping[str, Any]  # a row: plain JSON, codes for what it refers to
Names = tuple[str, ...]


@dataclass(frozen=True)
class CityTable:
    """A table: the fields that name a row, the others, and by which code it refers to rows of other tables."""

    name: str
    model: type[Model]
    key: Names
    fields: Names
    refers: Mapping[str, tuple[type[Model], str]] = field(default_factory=dict)
    in_memory: bool = True  # every process keeps it in memory, and must read it again after a change

    @property
    def all_fields(self) -> Names:
        return self.key + self.fields

    def named(self, values: Values) -> str:
        """Return the key of a row as one text."""
        parts = [values[name] for name in self.key]
        return str(parts[0]) if len(parts) == 1 else json.dumps(parts, ensure_ascii=False)

    def defaults(self) -> dict[str, Any]:
        """Return the values of a new row for the fields that are not given."""
        return {name: self.to_json(name, self._default(name)) for name in self.fields}

    def _default(self, name: str) -> Any:
        column = cast("models.Field[Any, Any]", self.model._meta.get_field(name))
        if column.null:
            return None
        if isinstance(column, models.JSONField | models.BinaryField) or column.has_default():
            return {} if isinstance(column, models.JSONField) else column.get_default()
        given = getattr(column, "db_default", None)
        given = getattr(given, "value", given)
        return None if given is models.NOT_PROVIDED else given

    def to_json(self, name: str, value: Any) -> Any:
        """Return the value of a field as plain JSON."""
        if isinstance(value, bytes | memoryview):
            return base64.b64encode(value).decode()
        if isinstance(value, datetime):
            return value.astimezone(UTC).isoformat()
        if isinstance(value, date):
            return value.isoformat()
        return list(value) if isinstance(value, tuple | list) else value

    def from_json(self, name: str, value: Any) -> Any:
        """Return the value that a field has in Python for one of plain JSON; references stay codes."""
        column = self.model._meta.get_field(name)
        if value is None or name in self.refers:
            return value
        if isinstance(column, models.BinaryField):
            return base64.b64decode(value)
        if isinstance(column, models.DateTimeField):
            return datetime.fromisoformat(value)
        return date.fromisoformat(value) if isinstance(column, models.DateField) else value


AREAS = CityTable(
    "areas",
    Area,
    ("code",),
    ("name", "level", "parent", "shape", "grade", "valid_from", "valid_until", "attributes"),
    {"parent": (Area, "code")},
)
UNITS = CityTable(
    "units",
    Unit,
    ("code",),
    ("name", "handles", "kind", "parent", "credit_code", "aliases", "telephone", "is_active"),
    {"parent": (Unit, "code")},
)
CATALOGUES = CityTable(
    "catalogues", Catalogue, ("name",), ("title", "standard", "in_force_from", "in_force_until", "in_use")
)
CLASSES = CityTable(
    "classes",
    Category,
    ("catalogue", "kind", "code"),
    ("name", "major", "is_local", "initials", "handle_limit", "case_limit"),
)
CONDITIONS = CityTable(
    "conditions", Condition, ("catalogue", "kind", "code", "number"), ("filing", "closing", "limits", "profile")
)
CROSSWALK = CityTable(
    "crosswalk",
    Crosswalk,
    ("from_catalogue", "from_kind", "from_code", "to_catalogue", "to_kind", "to_code"),
    ("note",),
)
DUTIES = CityTable("duties", Duty, ("category", "area", "unit"), ("is_listed", "basis"), {"unit": (Unit, "code")})
ROSTER = CityTable(
    "roster",
    Roster,
    ("unit", "role", "starts_at", "account"),
    ("ends_at", "note"),
    {"unit": (Unit, "code"), "account": (Account, "username")},
    in_memory=False,
)
FACILITIES = CityTable(
    "facilities",
    Facility,
    ("code",),
    tuple(f.name for f in Facility._meta.concrete_fields if f.name not in ("id", "code")),
    in_memory=False,
)
PLACES = CityTable(
    "places",
    Place,
    ("kind", "key", "district", "number", "suffix"),
    ("name", "aliases", "community", "lon", "lat", "spread_metres", "seen", "shape", "source", "status"),
    in_memory=False,
)

TABLES = {
    table.name: table
    for table in (AREAS, UNITS, CATALOGUES, CLASSES, CONDITIONS, CROSSWALK, DUTIES, ROSTER, FACILITIES, PLACES)
}
