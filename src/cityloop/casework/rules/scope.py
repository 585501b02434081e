"""Which cases a person may see: by the person's posts, their areas, and the units that held a task.

Nothing is read from the database here.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass

from django.db.models import Q

from cityloop.core.actors import Actor, Post
from cityloop.core.procedures.casefile import CaseState
from cityloop.registry.city.city import City

COLUMNS = ("district", "community")  # of cases and tasks
REPORTER = ("reporter_name", "reporter_phone")  # personal words that are kept encrypted and shown masked
UNMASKING = ("operator", "duty_officer")  # the roles that talk to the reporter


def may_see(actor: Actor, case: CaseState, city: City) -> bool:
    """Return whether any post of the actor may see the case."""
    return any(_may_see(post, case, city) for post in actor.posts)


def may_unmask(actor: Actor, areas: Collection[str]) -> bool:
    """Return whether a post of the actor may see who reported a case that lies in these areas."""
    return any(post.role in UNMASKING and post.covers(areas) for post in actor.posts)


def visible(actor: Actor, city: City) -> Q:
    """Return the same rule as a condition on rows of cases."""
    condition = Q(pk__in=[])
    for post in actor.posts:
        sees = _sees(post, city)
        if sees == "area":
            condition |= _in_area(post.area, city)
        elif sees == "unit":
            condition |= Q(units__contains=[post.unit]) & _in_area(post.area, city)
    return condition


def _may_see(post: Post, case: CaseState, city: City) -> bool:
    sees = _sees(post, city)
    inside = post.covers(case.areas)
    return inside and (sees == "area" or (sees == "unit" and post.unit in case.units))


def _sees(post: Post, city: City) -> str:
    role = city.roles.get(post.role)
    return role.sees if role else "none"


def _in_area(area: str | None, city: City) -> Q:
    if area is None:
        return Q(pk__isnull=False)  # an empty Q would vanish from an "or" instead of meaning everything
    place = place_of(area, city)
    condition = Q(**{f"{column}__in": codes for column, codes in place.columns.items()})
    return condition & Q(**{f"facts__{place.fact[0]}__regex": place.fact[1]}) if place.fact else condition


@dataclass(frozen=True, slots=True)
class AreaColumns:
    """How the cases of an area are found: codes by column, and for a grid a fact with the pattern it must match."""

    columns: dict[str, list[str]]
    fact: tuple[str, str] | None = None


def place_of(area: str, city: City) -> AreaColumns:
    """Return how the cases of an area are found, always by columns that an index covers."""
    facts, lineage, within = city.areas.get(area), city.lineage(area), city.within(area)
    level = facts.level if facts else "district"
    columns = {name: [lineage[name]] for name in COLUMNS if name in lineage}
    if level == "city":
        return AreaColumns({"district": sorted(within.get("district", ()))})
    if level == "street":
        return AreaColumns({**columns, "community": sorted(within.get("community", ()))})
    if level in COLUMNS:
        return AreaColumns(columns or {level: [area]})
    if level == "unit_grid":
        return AreaColumns(columns, ("unit_grid", f"^{re.escape(area)}$"))
    return AreaColumns(columns, ("grids", f"(^| ){re.escape(f'{level}:{area}')}( |$)"))
