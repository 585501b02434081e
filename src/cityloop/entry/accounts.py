"""What the command line does with accounts: two or three actions of the registry in one transaction."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction

from cityloop.core.errors import Fault, Invalid
from cityloop.entry.opening import Tell
from cityloop.registry import accounts, actions
from cityloop.registry.city import city
from cityloop.registry.models import Account, Unit
from cityloop.runtime import clock

BY = "command-line"
PARTNERS = "connected-systems"  # the unit of accounts that are no person


@dataclass(frozen=True, slots=True)
class NewPost:
    """A post to be given; a unit that is not known yet is entered under its name."""

    role: str
    unit: str
    unit_name: str | None = None
    area: str | None = None


@transaction.atomic
def add_person(username: str, name: str, password: str, post: NewPost) -> None:
    """Create an account with one post."""
    accounts.create_account(username, name, password, BY, clock.now())
    appoint(username, post)


@transaction.atomic
def appoint(username: str, post: NewPost) -> None:
    """Give an account a post."""
    if post.role not in city().roles:
        raise Invalid([Fault("role", f"must be one of {', '.join(city().roles)}")])
    if post.unit_name and post.unit not in city().units:
        actions.set_units({post.unit: post.unit_name}, BY, clock.now(), handles=post.role == "handler")
    accounts.appoint(username, post.role, post.unit, post.area, BY, clock.now())


@transaction.atomic
def token_for(username: str, channels: Sequence[str], tell: Tell) -> str:
    """Return a new token; a name nobody has becomes the account of a connected system."""
    now = clock.now()
    if not Account.objects.filter(username=username).exists():
        if not Unit.objects.filter(code=PARTNERS).exists():
            actions.set_units({PARTNERS: "接入系统"}, BY, now, handles=False)
        accounts.create_account(username, username, None, BY, now, is_machine=True, channels=channels)
        accounts.appoint(username, accounts.PARTNER, PARTNERS, None, BY, now)
        tell(f"There was no account {username}: made one for a connected system; it may hand in reports.")
    return accounts.make_token(username, BY, now)
