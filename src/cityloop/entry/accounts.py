"""What the command line does with accounts: two or three actions of the registry in one transaction."""

from collections.abc import Sequence

from django.db import transaction

from cityloop.core.errors import Fault, Invalid
from cityloop.entry.opening import Tell
from cityloop.registry import accounts, actions
from cityloop.registry.city import city
from cityloop.registry.models import Account, Unit
from cityloop.runtime import clock

BY = "command-line"
PARTNERS = "connected-systems"  # the unit of accounts that are no person


@transaction.atomic
def add_person(
    username: str, name: str, password: str, role: str, unit: str, unit_name: str | None, area: str | None
) -> None:
    """Create an account with one post; a unit that has a name given and is not known yet is entered."""
    if role not in city().roles:
        raise Invalid([Fault("role", f"must be one of {', '.join(city().roles)}")])
    if unit_name and unit not in city().units:
        actions.set_units({unit: unit_name}, BY, clock.now(), handles=role == "handler")
    accounts.create_account(username, name, password, BY, clock.now())
    accounts.appoint(username, role, unit, area, BY, clock.now())


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
