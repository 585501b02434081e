"""Counts failed sign-ins and locks: a person at one address, an address, and after many more a person everywhere.

An attempt is counted before its password is looked at: guesses sent at the same time to several processes count, too.
Names that no account has are counted and locked in the same way, so that nobody learns which names there are.
"""

import ipaddress
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F, Max
from django.db.models.functions import Greatest

from cityloop.core.errors import Locked
from cityloop.registry.models import Account, FailedSignIns
from cityloop.registry.people.streams import locked_account, stream
from cityloop.runtime.log import events
from cityloop.runtime.secrets import seals

Checked = TypeVar("Checked")
Key = tuple[str, str]  # person and address of a row; "" means: any

COUNT = """
    INSERT INTO registry_failedsignins AS row (person, address, failures, since)
    VALUES (%(person)s, %(address)s, 1, %(now)s::timestamptz)
    ON CONFLICT (person, address) DO UPDATE SET
        failures = CASE WHEN row.locked_until <= %(now)s::timestamptz OR row.since <= %(begin)s::timestamptz THEN 1
                        ELSE row.failures + 1 END,
        since = CASE WHEN row.locked_until <= %(now)s::timestamptz OR row.since <= %(begin)s::timestamptz
                     THEN %(now)s::timestamptz ELSE row.since END,
        locked_until = CASE WHEN row.locked_until > %(now)s::timestamptz THEN row.locked_until END
    RETURNING failures, locked_until
"""


@dataclass(frozen=True, slots=True)
class FailureLimit:
    """How many failures within which time lock for how long."""

    failures: int
    within: timedelta
    lock: timedelta


HERE = FailureLimit(5, timedelta(minutes=15), timedelta(minutes=10))  # one person at one address
ADDRESS = FailureLimit(100, timedelta(minutes=15), timedelta(minutes=15))  # an office may share one
EVERYWHERE = FailureLimit(30, timedelta(hours=1), timedelta(minutes=15))  # one person, from any address
KEPT = timedelta(days=1)  # longer than any count matters
BUSY = timedelta(seconds=5)  # until the attempts that are being looked at are decided


def guarded(
    username: str, address: str, now: datetime, check: Callable[[], Checked | None], *, again: bool = False
) -> Checked | None:
    """Return what `check` returns; None counts as a failed sign-in. Raise Locked, unchecked, after too many of them.

    `again` is a password asked of somebody signed in: what strangers guess meanwhile neither counts nor locks there.
    """
    keys = {(_own(username), _network(address)): HERE} if again else _keys(username, address)
    _begin(keys, username, now)
    checked = check()
    if checked is None:
        _fail(keys, username, now)
    else:
        for person, network in keys:  # each by itself: rows locked together, in another order, could be a deadlock
            rows = FailedSignIns.objects.filter(person=person, address=network)
            rows.update(failures=Greatest(F("failures") - 1, 0))
    return checked


def forget(username: str, address: str, now: datetime) -> None:
    """Forget the failures of a person who got in at this address, and what is too old to matter."""
    FailedSignIns.objects.filter(person=_person(username), address=_network(address)).delete()
    with transaction.atomic():
        old = FailedSignIns.objects.filter(since__lt=now - KEPT).select_for_update(skip_locked=True)
        FailedSignIns.objects.filter(pk__in=list(old.values_list("pk", flat=True))).delete()


def locked_until(username: str, now: datetime) -> datetime | None:
    """Return until when a person cannot sign in, at some address or everywhere; None where nothing is locked."""
    rows = FailedSignIns.objects.filter(person=_person(username), locked_until__gt=now)
    until: datetime | None = rows.aggregate(until=Max("locked_until"))["until"]
    return until


@transaction.atomic
def lift(username: str, by: str, now: datetime) -> bool:
    """Let a locked person try again at once, everywhere; False where nothing was locked."""
    account = locked_account(username)
    was_locked = locked_until(username, now) is not None
    rows = FailedSignIns.objects.filter(person__in=[_person(username), _own(username)]).order_by("address", "person")
    list(rows.select_for_update())  # in the order in which attempts count
    rows.delete()
    if was_locked:
        events.record(stream(account), "SignInUnlocked", by, now, {})
    return was_locked


@transaction.atomic
def lift_address(address: str, by: str, now: datetime) -> bool:
    """Let everybody at a locked address try again at once; False where it was not locked."""
    lifted, _ = FailedSignIns.objects.filter(person="", address=_network(address), locked_until__gt=now).delete()
    if lifted:
        events.locked("sign-in")
        events.record("sign-in", "AddressUnlocked", by, now, {})
    return bool(lifted)


def _keys(username: str, address: str) -> dict[Key, FailureLimit]:
    """Return the rows that an attempt counts in, always in the same order: so two attempts never wait crosswise."""
    person, network = _person(username), _network(address)
    return {("", network): ADDRESS, (person, ""): EVERYWHERE, (person, network): HERE}


def _person(username: str) -> str:
    """Return the seal of a username: somebody may have typed a password in its place."""
    return seals.seal(["sign-in", username])


def _own(username: str) -> str:
    return seals.seal(["signed-in", username])


def _network(address: str) -> str:
    """Return an IPv4 address as it is and of an IPv6 address the network, which one household has to itself."""
    try:
        known = ipaddress.ip_address(address)
    except ValueError:
        return address
    mapped = known.ipv4_mapped if known.version == 6 else None
    if mapped or known.version == 4:
        return str(mapped or known)
    return str(ipaddress.ip_network(f"{known}/64", strict=False))


def _begin(keys: dict[Key, FailureLimit], username: str, now: datetime) -> None:
    """Count an attempt as failed until it succeeds; Locked, and nothing is counted, where there were too many."""
    with transaction.atomic():
        counted = {key: _count(key, limit, now) for key, limit in keys.items()}
        until = max((locked for _, locked in counted.values() if locked), default=None)
        over = [key for key, (failures, _) in counted.items() if failures > keys[key].failures]
        transaction.set_rollback(bool(until or over))
    if until or over:  # without a lock, others are being looked at: one of them may be right, as after two clicks
        raise locked(until or now + BUSY)


def _count(key: Key, limit: FailureLimit, now: datetime) -> tuple[int, datetime | None]:
    values: dict[str, str | datetime] = {"person": key[0], "address": key[1], "now": now, "begin": now - limit.within}
    with connection.cursor() as cursor:
        cursor.execute(COUNT, values)
        failures, until = cursor.fetchone()
    return failures, until


def _fail(keys: dict[Key, FailureLimit], username: str, now: datetime) -> None:
    failures = {
        key: FailedSignIns.objects.filter(person=key[0], address=key[1], failures__gte=limit.failures).exists()
        for key, limit in keys.items()
    }
    reached = [_lock(key, keys[key], username, now) for key, is_reached in failures.items() if is_reached]
    if reached:
        raise locked(max(reached))


@transaction.atomic
def _lock(key: Key, limit: FailureLimit, username: str, now: datetime) -> datetime:
    """Lock, unless it is locked already; return until when. One event a lock, and none of a name without account."""
    account = Account.objects.filter(username=username).first() if key[0] else None
    where = stream(account) if account else "sign-in"
    events.locked(where)
    row = FailedSignIns.objects.select_for_update().filter(person=key[0], address=key[1]).first()
    if row is None:  # somebody lifted the lock meanwhile
        return now
    if row.locked_until and row.locked_until > now:
        return row.locked_until
    row.locked_until = now + limit.lock
    row.save(update_fields=["locked_until"])
    if account:
        events.record(where, "SignInLocked", events.SYSTEM, now, {"everywhere": not key[1]})
    elif not key[0]:
        events.record(where, "AddressLocked", events.SYSTEM, now, {"address": key[1]})
    return row.locked_until


def locked(until: datetime) -> Locked:
    """Return the refusal of a sign-in before that moment, which it names in the city's time, to the next minute."""
    shown = (until + timedelta(seconds=59)).astimezone(settings.CITYLOOP.zone)
    return Locked("sign-in-locked", {"until": f"{shown:%Y-%m-%d %H:%M}"}, until=until)
