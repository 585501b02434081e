"""Kinds of grid outside the tree of areas: those that every city has, and those that a pack declares for its city.

The grids themselves are areas.
"""

from collections.abc import Iterable, Mapping
from typing import Annotated, Any

from pydantic import AfterValidator

from cityloop.core.invalid_values import InvalidValue
from cityloop.core.place.areas import GRIDS, TREE
from cityloop.core.procedures.procedure import Words
from cityloop.registry.packs.texts.titles import Titles

KNOWN: Mapping[str, Words] = {
    "patrol_grid": {"zh": "管理网格", "en": "Patrol grids"},
    "appraisal_grid": {"zh": "评价网格", "en": "Appraisal grids"},
    "social_grid": {"zh": "社会治理网格", "en": "Social governance grids"},
}


def _new(kinds: dict[str, Titles]) -> dict[str, Titles]:
    for name in kinds:
        if not name.isidentifier() or not name.islower():
            raise InvalidValue("grid-kind-name", {"name": name})
        if name in (*TREE, *GRIDS):
            raise InvalidValue("grid-kind-taken", {"name": name})
    return kinds


GridKinds = Annotated[dict[str, Titles], AfterValidator(_new)]  # as a pack declares them


def grid_kinds(packs: Iterable[Any]) -> dict[str, Words]:
    """Return the titles of every kind of grid of a city with these packs."""
    return {**KNOWN, **{name: words for pack in packs for name, words in pack.grid_kinds.items()}}
