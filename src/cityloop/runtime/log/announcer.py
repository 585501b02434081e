"""Reads the event log in commit-safe order and passes it to its subscribers.

An event's ordinal is the number of the transaction that wrote it. Transactions commit in any order, so the largest id
is not a safe mark: the announcer reads only below the oldest transaction still running (`pg_snapshot_xmin`). What a
subscriber writes and how far it has read are committed together, so nothing is lost or doubled wherever it is killed.
"""

import logging
import time
from collections.abc import Callable, Sequence

from django.db import InterfaceError, OperationalError, connection, transaction

from cityloop.runtime import clock
from cityloop.runtime.models import Event, Subscription

logger = logging.getLogger(__name__)

BATCH = 500
PAUSE = 0.2  # seconds between looks at a log, unless a whole batch was there
AWAY = 1.0  # seconds between looks for a database that does not answer
CHANNEL = "cityloop"

Subscriber = Callable[[Sequence[Event]], None]
_subscribers: dict[str, Subscriber] = {}

_UNREAD = """
    SELECT id, ordinal, stream, seq, name, actor, at, payload, hash FROM runtime_event
     WHERE (ordinal, id) > (%s, %s) AND ordinal < cityloop_log_horizon()
     ORDER BY ordinal, id LIMIT %s
"""
_BEHIND = """
    SELECT name FROM unnest(%s::text[]) AS name LEFT JOIN runtime_subscription AS position USING (name)
     WHERE position.ordinal IS NULL
        OR EXISTS (SELECT FROM runtime_event AS event
                    WHERE (event.ordinal, event.id) > (position.ordinal, position.event_id)
                      AND event.ordinal < cityloop_log_horizon())
"""


def subscribe(name: str) -> Callable[[Subscriber], Subscriber]:
    """Register a function that is given every event once, in order, inside one transaction with its position."""

    def register(subscriber: Subscriber) -> Subscriber:
        _subscribers[name] = subscriber
        return subscriber

    return register


def subscribers() -> tuple[str, ...]:
    """Return the names of the registered subscribers."""
    return tuple(_subscribers)


def announce(name: str) -> int:
    """Pass the next events to a subscriber; return how many. 0 while another announcer works on this subscriber."""
    with transaction.atomic():
        Subscription.objects.get_or_create(name=name)
        position = Subscription.objects.select_for_update(skip_locked=True).filter(name=name).first()
        if position is None:
            return 0
        events = list(Event.objects.raw(_UNREAD, [position.ordinal, position.event_id, BATCH]))
        if not events:
            return 0
        _subscribers[name](events)
        position.ordinal, position.event_id = events[-1].ordinal, events[-1].pk
        position.failing_since, position.failure = None, ""
        position.save()
        _wake(name)
    return len(events)


def announce_all() -> int:
    """Pass every subscriber its next events; a subscriber that fails is recorded and does not hold up the others."""
    return sum(_announce_or_note(name) for name in _behind())


def _behind() -> Sequence[str]:
    """Return the subscribers that have something to read: a quiet log costs one statement for each look."""
    with connection.cursor() as cursor:
        cursor.execute(_BEHIND, [list(subscribers())])
        behind = {name for (name,) in cursor.fetchall()}
    return [name for name in subscribers() if name in behind]


def run(stopped: Callable[[], bool]) -> None:
    """Announce until stopped; while the database does not answer, wait for it."""
    while not stopped():
        try:
            busy = announce_all()
        except (OperationalError, InterfaceError) as error:
            logger.warning("the announcer waits", exc_info=error)
            connection.close()
            busy = 0
            time.sleep(AWAY)
        if busy < BATCH:  # looking at once would find a few events each time, for the price of many
            time.sleep(PAUSE)


def _announce_or_note(name: str) -> int:
    try:
        return announce(name)
    except Exception as error:
        if not connection.is_usable():
            raise
        # A bug of one subscriber must not stop the others; its position is kept and `cityloop check` reports it.
        logger.exception("subscriber %s failed", name)
        connection.close_if_unusable_or_obsolete()
        note = {"failing_since": clock.now(), "failure": f"{type(error).__name__}: {error}"}
        Subscription.objects.update_or_create(name=name, defaults=note)
        time.sleep(PAUSE)
        return 0


def _wake(name: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s, %s)", [CHANNEL, name])
