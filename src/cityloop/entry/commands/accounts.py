"""What `cityloop user` does: two or three actions of the registry in one transaction."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction

from cityloop.core.errors import Fault, Invalid
from cityloop.entry.console.opening import BY, PARTNERS, Tell
from cityloop.intake.actions import NO_REPORTS, OUR_CHANNELS
from cityloop.intake.reports import CHANNEL
from cityloop.registry.city.current import current_city
from cityloop.registry.models import Account, Unit
from cityloop.registry.organisation import actions as organisation
from cityloop.registry.people import accounts
from cityloop.runtime import clock


@dataclass(frozen=True, slots=True)
class NewPost:
    """A post to give to an account; its unit is created with this name if the city does not have it yet."""

    role: str
    unit: str
    unit_name: str | None = None
    area: str | None = None


@transaction.atomic
def add_person(username: str, name: str, password: str, post: NewPost) -> None:
    """Create an account with one post."""
    _enter_unit(post)
    account = accounts.create_account(username, name, password, BY, clock.now())
    appoint(account.username, post)


@transaction.atomic
def appoint(username: str, post: NewPost) -> None:
    """Give an account a post."""
    roles = current_city().roles
    if post.role not in roles:
        raise Invalid([Fault("role", "role-not-in-city", {"value": post.role, "roles": ", ".join(roles)})])
    _enter_unit(post)
    accounts.appoint(username, post.role, post.unit, post.area, BY, clock.now())


def _enter_unit(post: NewPost) -> None:
    """Create a unit that the city does not have; let cases be dispatched to a unit that gets its first handler."""
    known = current_city().units.get(post.unit)
    handles = post.role == "handler"
    if known is None and post.unit_name:
        organisation.enter_units({post.unit: post.unit_name}, BY, clock.now(), handles=handles)
    elif known is not None and handles and not known.handles:
        organisation.enter_units({post.unit: known.name}, BY, clock.now(), handles=True)


@transaction.atomic
def token_for(username: str, channels: Sequence[str], tell: Tell) -> str:
    """Return a new token; if no account has that name, create one for a connected system."""
    now = clock.now()
    account = Account.objects.filter(username=username).first()
    if account and channels and set(channels) != set(account.channels):
        raise Invalid([Fault("channel", "channels-fixed", {"username": username})])
    if invalid := [name for name in channels if not CHANNEL.fullmatch(name) or name in (*OUR_CHANNELS, *NO_REPORTS)]:
        raise Invalid([Fault("channel", "not-a-system-channel", {"value": invalid[0]})])
    if account is None:
        if not Unit.objects.filter(code=PARTNERS).exists():
            organisation.enter_units({PARTNERS: "接入系统"}, BY, now, handles=False)
        accounts.create_account(username, username, None, BY, now, is_machine=True, channels=channels)
        accounts.appoint(username, accounts.PARTNER, PARTNERS, None, BY, now)
        tell(f"Created the account {username} for a connected system: it can hand in reports.")
    return accounts.make_token(username, BY, now)
