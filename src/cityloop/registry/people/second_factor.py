"""Writes and checks the second factor of accounts: a one-time code of a telephone's app, and recovery codes.

The rows are django-allauth's. Secrets are encrypted with the city's key, by its hook in presentation/account.
"""

import unicodedata
from datetime import UTC, datetime

from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, generate_totp_secret, hotp_value
from django.db import transaction
from django.utils.crypto import constant_time_compare

from cityloop.core.errors import Fault, Invalid, NotPossible
from cityloop.registry.models import Account
from cityloop.registry.people.streams import locked_account, stream
from cityloop.runtime.log import events
from cityloop.runtime.secrets import seals, vault

PERIOD = 30  # seconds for which an app shows a code; one such period early or late is accepted

new_secret = generate_totp_secret


def is_set(account: Account) -> bool:
    """Return whether the account has a second factor."""
    return bool(Authenticator.objects.filter(user_id=account.pk, type=Authenticator.Type.TOTP).exists())


def set_at(account: Account) -> datetime | None:
    """Return since when the account has a second factor; None without one."""
    row = Authenticator.objects.filter(user_id=account.pk, type=Authenticator.Type.TOTP).first()
    return row.created_at if row else None


def unused_codes(account: Account) -> int:
    """Return how many recovery codes are left."""
    row = Authenticator.objects.filter(user_id=account.pk, type=Authenticator.Type.RECOVERY_CODES).first()
    try:
        return len(RecoveryCodes(row).get_unused_codes()) if row else 0
    except vault.UnreadableSecret:  # altered, or another key: `cityloop verify` says which
        return 0


@transaction.atomic
def add(username: str, secret: str, code: str, by: str, now: datetime) -> list[str]:
    """Give an account a second factor, proved by a code of it; return the recovery codes, shown this once."""
    account = locked_account(username)
    if is_set(account):
        raise NotPossible("second-factor-is-set")
    period = _period_of(secret, code, now)
    if period is None:
        raise Invalid([Fault("code", "wrong-code")])
    app = TOTP.activate(account, secret).instance
    _mark_used(app, period)
    codes = _new_codes(account)
    events.record(stream(account), "SecondFactorAdded", by, now, {"factors": factors_seal(account)})
    return codes


@transaction.atomic
def renew_codes(username: str, by: str, now: datetime) -> list[str]:
    """Replace the recovery codes of an account and return the new ones, shown this once."""
    account = locked_account(username)
    if not is_set(account):
        raise NotPossible("no-second-factor")
    Authenticator.objects.filter(user_id=account.pk, type=Authenticator.Type.RECOVERY_CODES).delete()
    codes = _new_codes(account)
    events.record(stream(account), "RecoveryCodesRenewed", by, now, {"factors": factors_seal(account)})
    return codes


@transaction.atomic
def remove(username: str, by: str, now: datetime) -> bool:
    """Let the password alone suffice again; False where there was no second factor."""
    account = locked_account(username)
    removed, _ = Authenticator.objects.filter(user_id=account.pk).delete()
    if removed:
        events.record(stream(account), "SecondFactorRemoved", by, now, {"factors": factors_seal(account)})
    return bool(removed)


@transaction.atomic
def use_code(username: str, code: str, now: datetime) -> bool:
    """Return whether a code of the app or a recovery code is right; each is accepted once."""
    account = locked_account(username)
    rows = {row.type: row for row in Authenticator.objects.filter(user_id=account.pk)} if account.is_active else {}
    app, codes = rows.get(Authenticator.Type.TOTP), rows.get(Authenticator.Type.RECOVERY_CODES)
    typed = plain(code)
    try:
        if app is not None:
            period = _period_of(vault.unlock(app.data["secret"]), typed, now, after=app.last_used_at)
            if period is not None:
                _mark_used(app, period)
                return True
        if app is None or codes is None or not RecoveryCodes(codes).validate_code(typed):
            return False
    except vault.UnreadableSecret:
        return False
    events.record(stream(account), "RecoveryCodeUsed", stream(account), now, {"factors": factors_seal(account)})
    return True


def plain(code: str) -> str:
    """Return a code as apps show it: without blanks, and full-width digits as plain ones."""
    return "".join(unicodedata.normalize("NFKC", code).split())


def factors_seal(account: Account) -> str:
    """Return the seal of an account's second factor as it is stored; "" without one."""
    rows = Authenticator.objects.filter(user_id=account.pk).order_by("type", "pk")
    kept = [[row.type, row.created_at.astimezone(UTC).isoformat(), row.data] for row in rows]
    return seals.seal(["second-factor", account.pk, kept]) if kept else ""


def _new_codes(account: Account) -> list[str]:
    return list(RecoveryCodes.activate(account).get_unused_codes())


def _period_of(secret: str, code: str, now: datetime, after: datetime | None = None) -> int | None:
    """Return the period whose code this is, if it is later than the last one used: no code is accepted twice."""
    this = int(now.timestamp()) // PERIOD
    last = int(after.timestamp()) // PERIOD if after else 0
    periods = [period for period in (this - 1, this, this + 1) if period > last]
    right = (period for period in periods if constant_time_compare(format_hotp_value(hotp_value(secret, period)), code))
    return next(right, None)


def _mark_used(app: Authenticator, period: int) -> None:
    app.last_used_at = datetime.fromtimestamp(period * PERIOD, UTC)
    app.save(update_fields=["last_used_at"])
