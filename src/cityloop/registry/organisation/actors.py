"""Reads people with their posts, tokens, and who is on duty. The city itself is read in city/reading.py."""

import time
from datetime import datetime
from typing import NamedTuple

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.db import connection

from cityloop.core.actors import Actor, Post
from cityloop.core.place.responsibility import FacilityUnits
from cityloop.registry.city.current import current_city
from cityloop.registry.models import Account, Facility, Roster
from cityloop.registry.people import accounts
from cityloop.registry.people.streams import stream
from cityloop.registry.revision import FRESH

MOST_BEARERS = 1000  # cached at once; wrong tokens are cached, too

_bearers: dict[str, tuple[float, Actor | None]] = {}


class Named(NamedTuple):
    """A code and its name, as a choice in a list."""

    value: str
    title: str


# Needed for every request, and in SQL because building the queries from objects took longer than answering them.
_POSTS = """
    SELECT post.role, unit.code, area.code FROM registry_appointment AS post
      JOIN registry_unit AS unit ON unit.id = post.unit_id LEFT JOIN registry_area AS area ON area.id = post.area_id
     WHERE post.account_id = %s ORDER BY post.id
"""
_POSTS_OF_BEARER = """
    SELECT account.id, account.name, account.channels, post.role, unit.code, area.code
      FROM registry_token AS token JOIN registry_account AS account ON account.id = token.account_id
      JOIN registry_appointment AS post ON post.account_id = account.id
      JOIN registry_unit AS unit ON unit.id = post.unit_id LEFT JOIN registry_area AS area ON area.id = post.area_id
     WHERE token.digest = %s AND token.revoked_at IS NULL AND account.is_active
"""


def actor_of(user: AbstractBaseUser | AnonymousUser) -> Actor:
    """Return the person as an actor, with every post that they hold."""
    if not isinstance(user, Account):
        return Actor("", "")
    with connection.cursor() as cursor:
        cursor.execute(_POSTS, [user.pk])
        posts = tuple(_post(*row) for row in cursor.fetchall())
    return Actor(stream(user), user.name, posts, tuple(user.channels))


def _post(role: str, unit: str, area: str | None) -> Post:
    """Return a post with the districts or communities in its area, where cases name those and not the area."""
    if area is None:
        return Post(role, unit)
    city = current_city()
    known, within = city.areas.get(area), city.within(area)
    named = {"city": "district", "street": "community"}.get(known.level if known else "", "")
    return Post(role, unit, area, below=frozenset(within.get(named, ())))


def actor_by_token(token: str) -> Actor | None:
    """Return whose bearer token this is, None for nobody's.

    The answer is cached for FRESH seconds: a connected system hands in many reports with one token.
    """
    digest, now = accounts.digest(token), time.monotonic()
    known = _bearers.get(digest)
    if known is None or known[0] < now:
        if len(_bearers) >= MOST_BEARERS:
            _bearers.clear()
        known = _bearers[digest] = (now + FRESH, _bearer(digest))
    return known[1]


def forget_bearers() -> None:
    """Empty the cache of tokens (after this process changed accounts)."""
    _bearers.clear()


def _bearer(digest: str) -> Actor | None:
    with connection.cursor() as cursor:
        cursor.execute(_POSTS_OF_BEARER, [digest])
        rows = cursor.fetchall()
    if not rows:
        return None
    account, name, channels = rows[0][:3]
    return Actor(f"account/{account}", name, tuple(_post(*row[3:]) for row in rows), tuple(channels))


def facility_units(code: str | None) -> FacilityUnits:
    """Return the units of a facility; none where it is not known."""
    names = FacilityUnits._fields
    found = Facility.objects.filter(code=code).values_list(*names).first() if code else None
    return FacilityUnits(*found) if found else FacilityUnits()


class OnDuty(NamedTuple):
    """Somebody who is on duty, and until when."""

    username: str
    name: str
    until: datetime
    note: str


def on_duty(unit: str, role: str, now: datetime) -> tuple[OnDuty, ...]:
    """Return who is on duty for a unit in a role, in the order in which their shifts began; nobody without a roster."""
    rows = Roster.objects.filter(unit__code=unit, role=role, starts_at__lte=now, ends_at__gt=now)
    rows = rows.filter(account__is_active=True).order_by("starts_at", "id")
    return tuple(OnDuty(*row) for row in rows.values_list("account__username", "account__name", "ends_at", "note"))


def categories() -> tuple[Named, ...]:
    """Return the classes a problem may be filed under."""
    return tuple(Named(key, f"{c.code} {c.name}") for key, c in current_city().categories.items())


def districts() -> tuple[Named, ...]:
    """Return the districts."""
    return tuple(Named(a.code, a.name) for a in current_city().areas.values() if a.level == "district")


def handling_units() -> tuple[Named, ...]:
    """Return the units that may be given cases."""
    return tuple(Named(u.code, u.name) for u in current_city().units.values() if u.handles)
