"""Writes accounts, their posts and their tokens. The posts of an account decide what it may do.

Accounts are ended, never removed: the history names them forever.
"""

import hashlib
import re
import secrets
from collections.abc import Sequence
from datetime import datetime

from django.contrib.auth.hashers import get_hasher, identify_hasher
from django.contrib.auth.password_validation import validate_password
from django.contrib.auth.tokens import default_token_generator
from django.core.exceptions import ValidationError
from django.db import transaction

from cityloop.core.errors import Conflict, Fault, Invalid, NotFound, NotPossible
from cityloop.registry.models import Account, Appointment, Area, Token, Unit
from cityloop.registry.people.passwords import plain
from cityloop.registry.people.permissions import ADMINISTRATOR
from cityloop.registry.people.sessions import close_sessions
from cityloop.registry.people.streams import locked_account, stream
from cityloop.runtime.log import events
from cityloop.runtime.secrets import seals, vault

PARTNER = "partner"  # the role of a connected system: hands in reports and nothing else


def row_seal(account: Account) -> str:
    """Return the seal of what events do not say of an account; the telephone and the password as they are stored."""
    row = (account.pk, account.username, account.name, account.is_machine, account.phone, account.password)
    return seals.seal(["account", *row, *account.channels])


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
    phone: str = "",
) -> Account:
    """Create an account; without a password nobody can sign in with it."""
    username = Account.normalize_username(username)  # as sign-in reads what is typed
    if Account.objects.filter(username=username).exists():
        raise Conflict("account-exists")
    account = Account(username=username, name=name or username, is_machine=is_machine, channels=list(channels))
    account.phone = vault.lock(phone) if phone else ""
    _set_password(account, password)
    account.save()
    events.record(stream(account), "AccountCreated", by, now, {"machine": is_machine, "row": row_seal(account)})
    return account


@transaction.atomic
def set_password(username: str, password: str, by: str, now: datetime, *, keep: str | None = None) -> None:
    """Give an account a new password and end its sessions, all without the one to keep."""
    _change_password(locked_account(username), password, by, now, keep)


@transaction.atomic
def renew_hash(username: str, password: str, now: datetime) -> None:
    """Hash again the password with which a person signs in, where it was hashed by a weaker method than today's."""
    account, method = locked_account(username), get_hasher()
    is_weaker = identify_hasher(account.password).algorithm != method.algorithm or method.must_update(account.password)
    if is_weaker and account.check_password(password):
        account.set_password(password)
        account.save()
        events.record(stream(account), "PasswordRehashed", events.SYSTEM, now, {"row": row_seal(account)})


@transaction.atomic
def appoint(username: str, role: str, unit_code: str, area_code: str | None, by: str, now: datetime) -> None:
    """Give a person a post; the same post again changes nothing."""
    account, unit = locked_account(username), Unit.objects.filter(code=unit_code).first()
    area = Area.objects.filter(code=area_code).first() if area_code else None
    if unit is None or (area_code and area is None):
        raise NotFound("no-such-place", {"code": unit_code if unit is None else area_code})
    _, created = Appointment.objects.get_or_create(account=account, role=role, unit=unit, area=area)
    if created:
        payload = {"role": role, "unit": unit_code, "area": area_code or ""}
        events.record(stream(account), "AccountAppointed", by, now, payload)


@transaction.atomic
def end_appointment(username: str, role: str, unit_code: str, area_code: str | None, by: str, now: datetime) -> None:
    """End a post that a person holds; NotPossible for the last administrator's."""
    account = locked_account(username)
    post = account.appointments.filter(role=role, unit__code=unit_code, area__code=area_code).first()
    if post is None:
        raise NotFound("no-such-post")
    post.delete()
    if role == ADMINISTRATOR and area_code is None:
        _refuse_without_administrator()
    payload = {"role": role, "unit": unit_code, "area": area_code or ""}
    events.record(stream(account), "AppointmentEnded", by, now, payload)


@transaction.atomic
def change_account(username: str, by: str, now: datetime, *, name: str = "", phone: str | None = None) -> bool:
    """Give an account another name or telephone (None: as it was, "": none); return whether anything changed."""
    account = locked_account(username)
    changed = ["name"] if name and name != account.name else []
    account.name = name or account.name
    if phone is not None and phone != telephone(account):
        account.phone = vault.lock(phone) if phone else ""
        changed.append("phone")
    if changed:
        account.save()
        # Old and new values stay out of the history: a person may have them erased.
        events.record(stream(account), "AccountChanged", by, now, {"fields": changed, "row": row_seal(account)})
    return bool(changed)


@transaction.atomic
def end_account(username: str, by: str, now: datetime) -> bool:
    """Let nobody sign in or report with an account any more; its posts are kept. False where it was ended already."""
    account = locked_account(username)
    if not account.is_active:
        return False
    account.is_active = False
    account.last_login = now  # a sign-in link that is still on its way is for nothing, also after a reopening
    account.save()
    if account.appointments.filter(role=ADMINISTRATOR, area=None).exists():
        _refuse_without_administrator()
    revoke_tokens(username, by, now)
    close_sessions(account, by, now)
    events.record(stream(account), "AccountEnded", by, now, {})
    return True


@transaction.atomic
def reopen_account(username: str, by: str, now: datetime) -> bool:
    """Let a person sign in again; tokens stay revoked. False where the account was not ended."""
    account = locked_account(username)
    if account.is_active:
        return False
    account.is_active = True
    account.save()
    events.record(stream(account), "AccountReopened", by, now, {})
    return True


@transaction.atomic
def make_sign_in_secret(username: str, by: str, now: datetime) -> str:
    """Return a secret by which the person sets a password, once; a sign-in with the former password ends it."""
    account = locked_account(username)
    if account.is_machine or not account.is_active:
        raise NotPossible("cannot-sign-in")
    events.record(stream(account), "SignInSecretMade", by, now, {})
    return f"{account.pk}-{default_token_generator.make_token(account)}"


def account_by_secret(secret: str) -> Account | None:
    """Return the account that a sign-in secret is for; None where it was used, is too old, or never was one."""
    key, _, token = secret.partition("-")
    account = Account.objects.filter(pk=key, is_active=True).first() if key.isdecimal() and len(key) < 10 else None
    return account if account and default_token_generator.check_token(account, token) else None


@transaction.atomic
def use_secret(secret: str, password: str, now: datetime) -> Account:
    """Set a person's password by a sign-in secret, which is used up by that."""
    found = account_by_secret(secret)
    account = locked_account(found.username) if found else None
    if account is None or not default_token_generator.check_token(account, secret.partition("-")[2]):
        raise NotFound("no-such-secret")
    _change_password(account, password, stream(account), now)
    return account


@transaction.atomic
def show_phone(username: str, by: str, now: datetime) -> str:
    """Return a person's telephone in clear; that it was shown is recorded."""
    account = locked_account(username)
    phone = telephone(account)
    if phone:
        events.record(stream(account), "TelephoneShown", by, now, {})
    return phone


def telephone(account: Account) -> str:
    """Return the telephone of an account in clear; "" where there is none, or it cannot be read."""
    try:
        return vault.unlock(account.phone) if account.phone else ""
    except vault.UnreadableSecret:  # altered, or another key: `cityloop verify` says which
        return ""


def _refuse_without_administrator() -> None:
    events.locked("administrators")  # two who end each other's post at the same time would leave nobody
    if not Appointment.objects.filter(role=ADMINISTRATOR, area=None, account__is_active=True).exists():
        raise NotPossible("last-administrator")


@transaction.atomic
def make_token(username: str, by: str, now: datetime) -> str:
    """Return a new bearer token of the account; it cannot be shown a second time."""
    account = locked_account(username)
    token = f"cl_{secrets.token_urlsafe(32)}"
    Token.objects.create(account=account, digest=digest(token), made_at=now)
    events.record(stream(account), "TokenMade", by, now, {"token": digest(token)})
    return token


@transaction.atomic
def revoke_tokens(username: str, by: str, now: datetime) -> int:
    """Revoke every token of an account; return how many there were."""
    account = locked_account(username)
    revoked = account.tokens.filter(revoked_at=None).update(revoked_at=now)
    if revoked:
        events.record(stream(account), "TokensRevoked", by, now, {"tokens": revoked})
    return revoked


def digest(token: str) -> str:
    """Return the digest of a token, which is all that is kept of it."""
    return hashlib.sha256(token.encode()).hexdigest()


def _change_password(account: Account, password: str, by: str, now: datetime, keep: str | None = None) -> None:
    _set_password(account, password)
    account.save()
    events.record(stream(account), "PasswordSet", by, now, {"row": row_seal(account)})
    close_sessions(account, by, now, without=keep)


def _set_password(account: Account, password: str | None) -> None:
    if password is None:
        account.set_unusable_password()
        return
    try:
        validate_password(plain(password), account)
    except ValidationError as error:
        raise Invalid([_password_fault(reason) for reason in error.error_list]) from error
    account.set_password(password)


def _password_fault(error: ValidationError) -> Fault:
    """Return one of Django's reasons against a password as a fault: password_too_short as password-too-short."""
    return Fault("password", (error.code or "invalid").replace("_", "-"), error.params or {})


_ACCOUNT = re.compile(r"account/([0-9]{1,9})")


def account_names(streams: set[str]) -> dict[str, str]:
    """Return the names of accounts by their stream; other streams are left out."""
    keys = [int(found[1]) for stream in streams if (found := _ACCOUNT.fullmatch(stream))]
    if not keys:
        return {}
    return {f"account/{key}": name for key, name in Account.objects.filter(pk__in=keys).values_list("pk", "name")}
