"""What an administrator does about a person's sign-in: a lost telephone, a lock, sessions left open."""

from django.http import HttpRequest
from django.views.decorators.http import require_POST

from cityloop.presentation.account.confirming import confirmed
from cityloop.presentation.settings.organisation.people_views import account_action
from cityloop.registry.people import lockouts, second_factor, sessions
from cityloop.runtime import clock


@require_POST
@confirmed("settings:person")
@account_action
def remove_factor(request: HttpRequest, username: str, by: str) -> None:
    """Remove the second factor of a person who lost the telephone."""
    second_factor.remove(username, by, clock.now())


@account_action
def unlock(request: HttpRequest, username: str, by: str) -> None:
    """Lift the lock after failed sign-ins."""
    lockouts.lift(username, by, clock.now())


@account_action
def end_sessions(request: HttpRequest, username: str, by: str) -> None:
    """End every session of a person."""
    sessions.end_sessions(username, by, clock.now())
