"""Read the areas that a city already has as an import needs them: with polygon and dates."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any

import shapely
from shapely.geometry.base import BaseGeometry

from cityloop.registry.models import Area

DISSOLVED = "dissolved"  # an attribute: its polygon is made from those of the areas inside it


@dataclass(frozen=True)
class KnownArea:
    """An area that the city already has."""

    code: str
    name: str
    level: str
    parent: str | None
    wkb: bytes
    valid_from: date | None = None
    valid_until: date | None = None
    attributes: Mapping[str, Any] = field(default_factory=dict)

    @cached_property
    def shape(self) -> BaseGeometry:
        """Its polygon."""
        return shapely.from_wkb(self.wkb)

    @property
    def label(self) -> str:
        """Its code and name."""
        return self.code if self.name == self.code else f"{self.code} {self.name}"

    def is_current(self, on: date) -> bool:
        """Return whether it has not ended by a day; it may not have begun yet."""
        return self.valid_until is None or on < self.valid_until


Known = Mapping[str, KnownArea]


def known_areas() -> Known:
    """Return all areas by code."""
    fields = ("code", "name", "level", "parent__code", "shape", "valid_from", "valid_until", "attributes")
    rows = Area.objects.order_by("code").values_list(*fields)
    return {
        code: KnownArea(code, name, level, parent, bytes(shape), first, last, further)
        for code, name, level, parent, shape, first, last, further in rows
    }
