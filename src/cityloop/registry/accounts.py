"""Accounts, their posts and their tokens: every write. Who may do what is decided by the posts they hold."""

import hashlib
import secrets
from collections.abc import Sequence
from datetime import datetime

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction

from cityloop.core.errors import Conflict, Fault, Invalid, NotFound
from cityloop.registry.models import Account, Appointment, Area, Token, Unit
from cityloop.runtime import events

PARTNER = "partner"  # the role of a connected system: hands in reports and nothing else


def stream(account: Account) -> str:
    """Return the event stream of an account."""
    return f"account/{account.pk}"


@transaction.atomic
def create_account(
    username: str,
    name: str,
    password: str | None,
    by: str,
    now: datetime,
    *,
    is_machine: bool = False,
    channels: Sequence[str] = (),
) -> Account:
    """Create an account; without a password nobody can sign in with it."""
    if Account.objects.filter(username=username).exists():
        raise Conflict("account-exists", f"There already is an account named {username}.")
    account = Account(username=username, name=name or username, is_machine=is_machine, channels=list(channels))
    _set_password(account, password)
    account.save()
    events.record(stream(account), "AccountCreated", by, now, {"machine": is_machine})
    return account


@transaction.atomic
def set_password(username: str, password: str, by: str, now: datetime) -> None:
    """Give an account a new password."""
    account = _locked(username)
    _set_password(account, password)
    account.save()
    events.record(stream(account), "PasswordSet", by, now, {})


@transaction.atomic
def appoint(username: str, role: str, unit_code: str, area_code: str | None, by: str, now: datetime) -> None:
    """Give a person a post; the same post again changes nothing."""
    account, unit = _locked(username), Unit.objects.filter(code=unit_code).first()
    area = Area.objects.filter(code=area_code).first() if area_code else None
    if unit is None or (area_code and area is None):
        missing = f"unit {unit_code}: give it a name to enter it" if unit is None else f"area {area_code}"
        raise NotFound("no-such-place", f"There is no {missing}.")
    _, created = Appointment.objects.get_or_create(account=account, role=role, unit=unit, area=area)
    if created:
        payload = {"role": role, "unit": unit_code, "area": area_code or ""}
        events.record(stream(account), "AccountAppointed", by, now, payload)


@transaction.atomic
def make_token(username: str, by: str, now: datetime) -> str:
    """Return a new bearer token of the account; it cannot be shown a second time."""
    account = _locked(username)
    token = f"cl_{secrets.token_urlsafe(32)}"
    Token.objects.create(account=account, digest=digest(token), made_at=now)
    events.record(stream(account), "TokenMade", by, now, {"token": digest(token)[:8]})
    return token


@transaction.atomic
def revoke_tokens(username: str, by: str, now: datetime) -> int:
    """Make every token of an account worthless from now on; return how many there were."""
    account = _locked(username)
    revoked = account.tokens.filter(revoked_at=None).update(revoked_at=now)
    if revoked:
        events.record(stream(account), "TokensRevoked", by, now, {"tokens": revoked})
    return revoked


def digest(token: str) -> str:
    """Return what is kept of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def _locked(username: str) -> Account:
    """Return the account, which nobody else changes until this transaction ends."""
    account = Account.objects.filter(username=username).first()
    if account is None:
        raise NotFound("no-such-account", f"There is no account named {username}.")
    events.locked(stream(account))
    account.refresh_from_db()
    return account


def _set_password(account: Account, password: str | None) -> None:
    if password is None:
        account.set_unusable_password()
        return
    try:
        validate_password(password, account)
    except ValidationError as wrong:
        raise Invalid([Fault("password", " ".join(wrong.messages))]) from wrong
    account.set_password(password)
