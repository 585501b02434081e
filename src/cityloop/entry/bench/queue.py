"""The queue bench: how long the pages that list cases take in a city of many years, beside the same in a small one.

Pages are asked for in this process as a signed-in person; what is measured is the server's time without the network.
"""

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING
from urllib.parse import quote

from cityloop.core.errors import NotPossible
from cityloop.entry.bench.filling import fill
from cityloop.entry.opening import Tell

if TYPE_CHECKING:
    from django.test import Client  # at run time only once Django is ready

    from cityloop.registry.models import Account

WARM_UP = 10  # requests before those counted: plans are made, what is read often is in memory
COUNTED = 51
PAGES_ON = 20
ROLES = ("operator", "duty_officer", "handler")  # whose queue is opened
AIMED_AT = "queue"  # pages whose names begin so have an aim; the others are told beside them


@dataclass(frozen=True, slots=True)
class PageFigures:
    """One page: the median time in milliseconds and the number of queries."""

    ms: float
    queries: int


Pages = Mapping[str, PageFigures]


def measure(small: int, large: int, tell: Tell) -> tuple[Pages, Pages]:
    """Return the figures of every page in the small city and in the large one, by the page's name."""
    from cityloop.runtime import clock

    now = clock.now()
    fill(large - small + 1, large, large, now, tell)
    in_small = dict(_pages(tell))
    fill(1, large - small, large, now, tell)
    return in_small, dict(_pages(tell))


def _pages(tell: Tell) -> Iterator[tuple[str, PageFigures]]:
    for role in ROLES:
        account = _account(role)
        client = _signed_in(account)
        district = _district()
        addresses = {
            f"queue, {role}": "/queue/",
            f"queue, {role}, in time": "/queue/?lamp=green",
            f"queue, {role}, due soon": "/queue/?lamp=yellow",
            f"queue, {role}, a district": f"/queue/?district={district}",
            f"queue, {role}, pages on": f"/queue/?after={_pages_on(account)}",
            f"cases, {role}": "/cases/",
            f"ranking, {role}": "/figures/districts/",
        }
        for name, address in addresses.items():
            found = _timed(client, address)
            tell(f"{name}: {found.ms:.1f} ms, {found.queries} queries")
            yield name, found


def _timed(client: "Client", address: str) -> PageFigures:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    first = _milliseconds(client, address)
    slow = first > 1000  # a page that takes seconds needs no fifty tries to show it
    for _ in range(1 if slow else WARM_UP):
        _milliseconds(client, address)
    times = [_milliseconds(client, address) for _ in range(3 if slow else COUNTED)]
    with CaptureQueriesContext(connection) as captured:
        _milliseconds(client, address)
    return PageFigures(median(times), len(captured))


def _milliseconds(client: "Client", address: str) -> float:
    began_at = time.perf_counter()
    answer = client.get(address)
    if answer.status_code != 200:
        raise NotPossible("bench-refused", f"{address} was answered {answer.status_code}.")
    return (time.perf_counter() - began_at) * 1000


def _account(role: str) -> "Account":
    from cityloop.registry.models import Account

    return Account.objects.filter(appointments__role=role, appointments__area=None).order_by("pk")[0]


def _signed_in(account: "Account") -> "Client":
    from django.test import Client

    client = Client(SERVER_NAME="127.0.0.1")
    client.force_login(account)
    return client


def _pages_on(account: "Account") -> str:
    """Return the key of the page so many pages on, or of the last one before the end."""
    from cityloop.casework.queries import QueueFilters, queue
    from cityloop.registry.queries import actor_of
    from cityloop.runtime import clock

    after = ""
    for _ in range(PAGES_ON):
        after = queue(actor_of(account), QueueFilters(), after, clock.now()).next or after
    return quote(after)


def _district() -> str:
    from cityloop.entry.demo.script import script

    return script().districts[0].code
