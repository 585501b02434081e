"""Which cases a person may see: by the posts held, their areas, and the units that held a task. Nothing is read."""

from django.db.models import Q

from cityloop.core.actors import Actor, Post
from cityloop.core.casefile import Case
from cityloop.registry.city import City

UNMASKING = ("operator", "duty_officer")  # the roles that speak with the reporter


def may_see(actor: Actor, case: Case, town: City) -> bool:
    """Return whether any post of the actor lets it see the case."""
    return any(_lets_see(post, case, town) for post in actor.posts)


def may_unmask(actor: Actor, case: Case) -> bool:
    """Return whether a post of the actor, in the case's area, lets it see who reported."""
    return any(post.role in UNMASKING and (post.area is None or post.area in case.areas) for post in actor.posts)


def visible(actor: Actor, town: City) -> Q:
    """Return the same rule as a condition on rows of cases."""
    condition = Q(pk__in=[])
    for post in actor.posts:
        sees = _sees(post, town)
        if sees == "area":
            condition |= _in_area(post.area)
        elif sees == "unit":
            condition |= Q(units__contains=[post.unit]) & _in_area(post.area)
    return condition


def _lets_see(post: Post, case: Case, town: City) -> bool:
    sees = _sees(post, town)
    inside = post.area is None or post.area in case.areas
    return inside and (sees == "area" or (sees == "unit" and post.unit in case.units))


def _sees(post: Post, town: City) -> str:
    role = town.roles.get(post.role)
    return role.sees if role else "none"


def _in_area(area: str | None) -> Q:
    # An empty Q would vanish from an "or" instead of meaning everything.
    return Q(pk__isnull=False) if area is None else Q(district=area) | Q(community=area)
