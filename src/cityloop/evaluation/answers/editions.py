"""Which facts of the past a screen offers, and requests for new ones. A worker exports them."""

from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from django.db import transaction
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued

from cityloop.core.actors import Actor
from cityloop.core.errors import NotAllowed
from cityloop.evaluation.answers.asked import QUEUE, SOONER, latest_edition
from cityloop.evaluation.answers.scopes import scopes
from cityloop.evaluation.models import FactEdition
from cityloop.registry.city.city import City

REFRESH = "evaluation.refresh_facts"  # the job
OFFERED = 31  # days of the past
LOOKED_AT = 800  # editions, a month of hourly ones
FRESH = timedelta(minutes=1)  # facts younger than this are not exported again


@dataclass(frozen=True, slots=True)
class Offered:
    """Facts that figures can be counted over, by name and moment."""

    name: str
    as_of: datetime


def offered(zone: tzinfo) -> tuple[Offered, ...]:
    """Return the last facts of each of the last days, the newest first."""
    rows = FactEdition.objects.order_by("-as_of").values_list("name", "as_of")[:LOOKED_AT]
    by_day: dict[object, Offered] = {}
    for name, as_of in rows:
        by_day.setdefault(as_of.astimezone(zone).date(), Offered(name, as_of))
    return tuple(by_day.values())[:OFFERED]


def may_refresh(actor: Actor, city: City) -> bool:
    """Return whether a person may have the facts exported now: a post must see an area or the city."""
    return any(scope.unit is None for scope in scopes(actor, city))


def refresh(actor: Actor, city: City, now: datetime) -> bool:
    """Have the facts exported, once for many requests; NotAllowed for a person who may not.

    False where the newest facts are so new that nothing is exported.
    """
    if not may_refresh(actor, city):
        raise NotAllowed("may-not-refresh")
    latest = latest_edition()
    if latest and now - latest.as_of < FRESH:
        return False
    job = app.configure_task(REFRESH, queue=QUEUE, priority=SOONER, queueing_lock="refresh-facts", lock="facts")
    try:
        with transaction.atomic():
            job.defer(asked_at=now.isoformat())
    except AlreadyEnqueued:
        pass  # somebody requested it before: the same facts serve both
    return True
