"""Queries of the stored catalogues for matching a city's table: classes, crosswalks, conditions.

registry/city/city.py has what a process needs for every report.
"""

from collections.abc import Sequence

from cityloop.core.codes.crosswalk import CrosswalkLine
from cityloop.registry.catalogue.matching import Lists, lists_of
from cityloop.registry.models import Category, Condition
from cityloop.registry.models import Crosswalk as CrosswalkRow
from cityloop.registry.packs.checks.catalogues import Given
from cityloop.registry.packs.texts.catalogue import PackCondition as FilingCondition


def entered_lists(packs: Sequence[Given]) -> Lists:
    """Return the stored classes and crosswalks, with the other names that packs give."""
    rows = Category.objects.order_by("catalogue", "kind", "code")
    classes = list(rows.values_list("catalogue", "kind", "code", "name", "major"))
    fields = ("from_catalogue", "from_kind", "from_code", "to_catalogue", "to_kind", "to_code", "note")
    lines = CrosswalkRow.objects.order_by("id").values_list(*fields)
    return lists_of(classes, (CrosswalkLine(*line) for line in lines), (name for pack in packs for name in pack.names))


def entered_conditions(catalogue: str) -> list[FilingCondition]:
    """Return the stored conditions of a catalogue."""
    fields = ("catalogue", "kind", "code", "number", "filing", "closing", "limits", "profile")
    rows = Condition.objects.filter(catalogue=catalogue).order_by("kind", "code", "id")
    return [FilingCondition(*row) for row in rows.values_list(*fields)]
