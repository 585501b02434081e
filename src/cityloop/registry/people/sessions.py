"""Lists and ends the sessions of accounts: browsers in which somebody is signed in. The rows are django-allauth's."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import QuerySet

from cityloop.registry.models import Account
from cityloop.registry.people.streams import locked_account, stream
from cityloop.runtime.log import events


@dataclass(frozen=True, slots=True)
class OpenSession:
    """A browser in which somebody is signed in."""

    number: int
    address: str
    browser: str  # as it names itself
    since: datetime
    is_this: bool


def open_sessions(account: Account, this: str | None, now: datetime) -> tuple[OpenSession, ...]:
    """Return an account's open sessions, `this` first and then the newest."""
    rows = _open(account, now).order_by("-created_at")
    found = [OpenSession(row.pk, row.ip, row.user_agent, row.created_at, row.session_key == this) for row in rows]
    return tuple(sorted(found, key=lambda session: not session.is_this))


@transaction.atomic
def end_sessions(username: str, by: str, now: datetime, *, only: int | None = None, without: str | None = None) -> int:
    """End an account's sessions, or only one of them, or all without one; return how many were open."""
    account = locked_account(username)
    rows = UserSession.objects.filter(user_id=account.pk)
    rows = rows.filter(pk=only) if only is not None else rows
    rows = rows.exclude(session_key=without) if without else rows
    return _end(account, rows, by, now)


def close_sessions(account: Account, by: str, now: datetime, *, without: str | None = None) -> None:
    """End an account's sessions within the transaction of what makes them invalid."""
    rows = UserSession.objects.filter(user_id=account.pk)
    _end(account, rows.exclude(session_key=without) if without else rows, by, now)


def session_moved(before: str | None, after: str | None) -> None:
    """Keep the row of a session that got another key."""
    UserSession.objects.filter(session_key=before).update(session_key=after)


def session_left(key: str | None) -> None:
    """Remove the row of a session that its person ends by signing out."""
    UserSession.objects.filter(session_key=key).delete()


def _open(account: Account, now: datetime) -> QuerySet[Any]:
    alive = Session.objects.filter(expire_date__gt=now).values("session_key")
    rows: QuerySet[Any] = UserSession.objects.filter(user_id=account.pk, session_key__in=alive)
    return rows


def _end(account: Account, rows: QuerySet[Any], by: str, now: datetime) -> int:
    keys = list(rows.values_list("session_key", flat=True))
    ended, _ = Session.objects.filter(session_key__in=keys, expire_date__gt=now).delete()
    UserSession.objects.filter(session_key__in=keys).delete()
    if ended:
        events.record(stream(account), "SessionsEnded", by, now, {"sessions": ended})
    return ended
