"""The event stream of an account, and its row while nobody else changes it."""

from cityloop.core.errors import NotFound
from cityloop.registry.models import Account
from cityloop.runtime.log import events


def stream(account: Account) -> str:
    """Return the event stream of an account."""
    return f"account/{account.pk}"


def locked_account(username: str) -> Account:
    """Return the account, which nobody else changes until this transaction ends."""
    account = Account.objects.filter(username=username).first()
    if account is None:
        raise NotFound("no-such-account")
    events.locked(stream(account))
    account.refresh_from_db()
    return account
