"""Who is signed in. What a person may do is decided in the floors below."""

from django.http import HttpRequest

from cityloop.core.actors import Actor
from cityloop.core.errors import NotAllowed
from cityloop.intake.actions import DESK, may_report
from cityloop.registry.organisation.actors import actor_of


def person(request: HttpRequest) -> Actor:
    """Return the signed-in person; the registry is queried once per request."""
    if not hasattr(request, "_person"):
        request._person = actor_of(request.user)  # type: ignore[attr-defined]
    return request._person  # type: ignore[attr-defined, no-any-return]


def check_may_report(actor: Actor) -> None:
    """Refuse the form to a person whose report intake would refuse, before it is filled in."""
    if not may_report(actor, DESK):
        raise NotAllowed("may-not-report")
