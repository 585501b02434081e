"""The queue benchmark: the time of the pages that list cases in a city with many years of cases, against a small one.

Pages are requested in this process as a signed-in person; only the server's time is measured, without the network.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING
from urllib.parse import quote

from cityloop.core.errors import NotPossible
from cityloop.entry.bench.workload.databases import LARGE, SMALL, copy_city, go_to
from cityloop.entry.bench.workload.filling import fill
from cityloop.entry.console.opening import Tell

if TYPE_CHECKING:
    from django.test import Client  # at run time only once Django is ready

    from cityloop.registry.models import Account

WARM_UP = 6  # requests before those counted, in each turn: queries are planned, hot data is in memory
COUNTED = 7  # in each turn
PAGES_ON = 20
ROLES = ("operator", "duty_officer", "handler")  # whose queues are opened
AIMED_AT = "queue"  # pages whose names begin with this have an aim; the others are only printed


@dataclass(frozen=True, slots=True)
class PageFigures:
    """One page in both cities: median times in milliseconds, and the highest number of queries."""

    name: str
    small_ms: float
    large_ms: float
    queries: int

    @property
    def ratio(self) -> float:
        return self.large_ms / self.small_ms


def measure(small: int, large: int, turns: int, tell: Tell) -> list[PageFigures]:
    """Return the figures of every page."""
    from cityloop.runtime import clock

    now = clock.now()
    fill(large - small + 1, large, large, now, tell)
    clients = {role: _signed_in(_account(role)) for role in ROLES}
    copy_city()
    fill(1, large - small, large, now, tell)
    return [_compared(name, clients[role], address, turns, tell) for role in ROLES for name, address in _pages(role)]


def _pages(role: str) -> Iterator[tuple[str, Callable[[], str]]]:
    """Yield each page's name and a function that returns its address, which may differ between the cities."""
    from cityloop.entry.demo.script import script

    district = script().districts[0].code
    yield f"queue, {role}", lambda: "/queue/"
    yield f"queue, {role}, in time", lambda: "/queue/?lamp=green"
    yield f"queue, {role}, due soon", lambda: "/queue/?lamp=yellow"
    yield f"queue, {role}, a district", lambda: f"/queue/?district={district}"
    yield f"queue, {role}, pages on", lambda: f"/queue/?after={_pages_on(_account(role))}"
    yield f"cases, {role}", lambda: "/cases/"
    yield f"ranking, {role}", lambda: "/figures/districts/"


def _compared(name: str, client: "Client", address: Callable[[], str], turns: int, tell: Tell) -> PageFigures:
    """Request the page from both cities in turns, so that other load on the machine affects both equally."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    times: dict[str, list[float]] = {SMALL: [], LARGE: []}
    queries = []
    for _ in range(turns):
        for city, counted in times.items():
            go_to(city)
            page = address()
            for _ in range(WARM_UP):
                _milliseconds(client, page)
            counted += [_milliseconds(client, page) for _ in range(COUNTED)]
            with CaptureQueriesContext(connection) as captured:
                _milliseconds(client, page)
            queries.append(len(captured))
    found = PageFigures(name, median(times[SMALL]), median(times[LARGE]), max(queries))
    tell(f"{name}: {found.small_ms:.1f} ms, {found.large_ms:.1f} ms")
    return found


def _milliseconds(client: "Client", address: str) -> float:
    began_at = time.perf_counter()
    answer = client.get(address)
    if answer.status_code != 200:
        raise NotPossible("bench-refused", {"what": address, "status": answer.status_code})
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
    """Return the key of the page PAGES_ON pages on, or of the last page."""
    from cityloop.casework.queries import QueueFilters, queue
    from cityloop.registry.organisation.actors import actor_of
    from cityloop.runtime import clock

    after = ""
    for _ in range(PAGES_ON):
        after = queue(actor_of(account), QueueFilters(), after, clock.now()).next or after
    return quote(after)
