"""Who acts: people and connected systems with the posts they hold, and the system itself. Accounts are kept above."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Post:
    """A person's post: a role in a unit, for one area and all below it (None: the whole city)."""

    role: str
    unit: str
    area: str | None = None


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: a signed-in person or an account of a connected system, with the posts it holds."""

    account: str
    name: str
    posts: tuple[Post, ...] = ()
    channels: tuple[str, ...] = ()  # by which a connected system may hand in reports; empty: by any but our own


SYSTEM = Actor("system", "system")  # what happens by itself
