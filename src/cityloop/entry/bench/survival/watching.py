"""Kills processes of a running city and watches until it is back."""

import subprocess
import time
import urllib.request
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from random import Random

import psutil

from cityloop.core.errors import NotPossible
from cityloop.entry.bench.survival import proof
from cityloop.entry.bench.survival.served import ServedCity
from cityloop.entry.bench.workload.persisting import PAUSE, PersistentSender
from cityloop.runtime.configuration import Configuration

LIMIT = 300.0  # seconds for a city to come back; generous, so that a slow machine fails nothing
SUPERVISOR, ADOPTED, POWER_CUT = "supervisor", "database, adopted", "all, numbers reused"
WORKERS = ("worker", "counter")
ALONE = ("web", "web worker", "announcer", "worker", "counter", "database", "database connection", "database process")


@dataclass(frozen=True, slots=True)
class Recovery:
    """Seconds from a kill until a report was acknowledged, and until every process did its work again."""

    answered: float
    complete: float


class Watch:
    """A client of its own, which tells when a city is back."""

    def __init__(self, configuration: Configuration, city: ServedCity, sender: PersistentSender) -> None:
        self.city, self.sender = city, sender
        self._last_worker = 0
        self._numbers = dict.fromkeys(("supervisor", "web", "announcer", "worker", "counter", "database"), 1)
        self._numbers["web worker"] = int(configuration.web_workers)

    def after_kill(self, kind: str, chance: Random) -> Recovery | None:
        """Kill a process of that kind, or all; return the recovery, None where it is not over in LIMIT."""
        before, self._last_worker = self.city.processes(), proof.last_worker()
        with _stranger(self.city) as number:
            if kind == POWER_CUT:
                self.city.cut_power()
                self.city.give_numbers_to(number)
                self.city.start()
                return self.recovery(workers=2)
            victim = chance.choice(before["database" if kind == ADOPTED else kind])
            victim.kill()
            if kind != SUPERVISOR:
                return self.recovery(removed=[victim], workers=int(kind in WORKERS))
            victim.wait()
            self.city.start()
            return self.recovery(kept=before["database"], workers=2)

    def recovery(
        self, removed: Collection[psutil.Process] = (), kept: Collection[psutil.Process] = (), workers: int = 0
    ) -> Recovery | None:
        """Wait for the city: some processes must be `removed`, others `kept`, and so many workers of jobs be new."""
        began, answered = time.monotonic(), None
        external_id, request = self.sender.next_report()
        while time.monotonic() - began < LIMIT and self.city.is_serving():
            if answered is None and self._is_healthy() and self.sender.tried(external_id, request):
                answered = time.monotonic() - began
            if (
                answered is not None
                and self._is_complete(removed, kept)
                and proof.is_delivered(external_id)
                and proof.workers_after(self._last_worker) >= workers
            ):
                return Recovery(answered, time.monotonic() - began)
            time.sleep(PAUSE)
        return None

    def start_over(self) -> None:
        """Bring a city back that did not come back by itself."""
        self.city.cut_power()
        self.city.start()
        if self.recovery() is None:
            raise NotPossible("city-not-back", {"seconds": f"{LIMIT:.0f}"})

    def _is_healthy(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.city.port}/health", timeout=5) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def _is_complete(self, removed: Collection[psutil.Process], kept: Collection[psutil.Process]) -> bool:
        found = self.city.processes()
        present = {process for processes in found.values() for process in processes}
        has_all = all(len(found.get(kind, ())) >= number for kind, number in self._numbers.items())
        return has_all and present.isdisjoint(removed) and present.issuperset(kept)


@contextmanager
def _stranger(city: ServedCity) -> Iterator[int]:
    """Run a process in the data folder that is not the database; yield its number. Then collect the dead."""
    with subprocess.Popen(["sleep", str(10 * LIMIT)], cwd=city.folders.data) as stranger:
        try:
            yield stranger.pid
        finally:
            stranger.kill()
    city.collect()
