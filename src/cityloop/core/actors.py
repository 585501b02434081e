"""Who acts: people and connected systems with the posts they hold, and the system. Accounts are not stored here."""

from collections.abc import Collection
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Post:
    """A person's post: a role in a unit, for one area and all below it (None: the whole city).

    `below` are the codes of the districts and communities inside, for cases whose facts do not name the area.
    """

    role: str
    unit: str
    area: str | None = None
    below: frozenset[str] = field(default=frozenset(), compare=False, kw_only=True)

    def covers(self, areas: Collection[str]) -> bool:
        """Return whether the post is for one of these areas."""
        return self.area is None or self.area in areas or not self.below.isdisjoint(areas)


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: a signed-in person or an account of a connected system, with the posts it holds."""

    account: str
    name: str
    posts: tuple[Post, ...] = ()
    channels: tuple[str, ...] = ()  # by which a connected system may hand in reports; empty: any except our own


SYSTEM = Actor("system", "system")  # what happens automatically
