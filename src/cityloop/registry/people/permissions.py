"""Who may change the city's data. Whether a change is possible is decided where it is made."""

from cityloop.core.actors import Actor
from cityloop.core.errors import NotAllowed

ADMINISTRATOR = "administrator"


def may_edit(actor: Actor) -> bool:
    """Return whether the actor may change the city's data: an administrator of the whole city."""
    return any(post.role == ADMINISTRATOR and post.area is None for post in actor.posts)


def check_may_edit(actor: Actor) -> None:
    """Refuse everybody who may not change the city's data."""
    if not may_edit(actor):
        raise NotAllowed("administrator-only")


def check_has_post(actor: Actor) -> None:
    """Refuse a person without any post in the city."""
    if not actor.posts:
        raise NotAllowed("no-post")
