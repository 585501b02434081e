"""What an administrator sees of a person's sign-in: second factor, lock, open sessions."""

from dataclasses import dataclass
from datetime import datetime

from cityloop.core.errors import NotFound
from cityloop.registry.models import Account
from cityloop.registry.people import lockouts, second_factor, sessions


@dataclass(frozen=True, slots=True)
class SignInState:
    """Since when there is a second factor, how many recovery codes are left, until when it is locked, open sessions."""

    factor_set_at: datetime | None
    codes_left: int
    locked_until: datetime | None
    sessions: int


def sign_in_state(username: str, now: datetime) -> SignInState:
    """Return the state of a person's sign-in."""
    account = Account.objects.filter(username=username).first()
    if account is None:
        raise NotFound("no-such-account")
    return SignInState(
        second_factor.set_at(account),
        second_factor.unused_codes(account),
        lockouts.locked_until(username, now),
        len(sessions.open_sessions(account, None, now)),
    )
