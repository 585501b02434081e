"""Over which cases a person may see figures: the cases that the person may open one by one."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from cityloop.core.actors import Actor, Post
from cityloop.core.errors import NotAllowed
from cityloop.core.indicators.indicator import Subject
from cityloop.registry.city.city import City

LEVELS = ("district", "street", "community", "unit_grid", "patrol_grid", "appraisal_grid", "social_grid")


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose cases figures are over: the whole city's, an area's, a unit's; `only` is the filter for them."""

    area: str | None = None
    level: str | None = None
    unit: str | None = None

    @property
    def name(self) -> str:
        """Its name in addresses: all, or the area and the unit."""
        return "~".join(filter(None, (self.area, self.unit))) or "all"

    @property
    def only(self) -> Mapping[str, tuple[str | None, ...]]:
        area = {self.level: (self.area,)} if self.level else {}
        return {**area, **({"unit": (self.unit,)} if self.unit else {})}

    @property
    def subjects(self) -> tuple[Subject, ...]:
        """The subjects that figures may be grouped by within it: a unit does not see who works at the desks."""
        return (Subject.AREA, Subject.DEPARTMENT) if self.unit else tuple(Subject)

    @classmethod
    def of(cls, post: Post, city: City) -> Self | None:
        """Return the scope of a post; None where the post sees no cases."""
        role = city.roles.get(post.role)
        area = city.areas.get(post.area) if post.area else None
        level = area.level if area else None
        if role is None or role.sees == "none" or (post.area and level != "city" and level not in LEVELS):
            return None
        code = post.area if level in LEVELS else None
        return cls(code, level if code else None, post.unit if role.sees == "unit" else None)


def scopes(actor: Actor, city: City) -> tuple[Scope, ...]:
    """Return the scopes of a person's posts, the widest first; only the whole city where a post sees all of it."""
    found = dict.fromkeys(scope for post in actor.posts if (scope := Scope.of(post, city)))
    if Scope() in found:
        return (Scope(),)
    return tuple(sorted(found, key=lambda scope: (scope.unit is not None, _depth(scope), scope.name)))


def scope(actor: Actor, city: City, name: str) -> Scope:
    """Return the scope of that name, the widest where it is empty; NotAllowed where the person has none."""
    known = scopes(actor, city)
    found = next((candidate for candidate in known if name in ("", candidate.name)), None)
    if found is None:
        raise NotAllowed("no-figures")
    return found


def _depth(scope: Scope) -> int:
    return LEVELS.index(scope.level) if scope.level else -1
