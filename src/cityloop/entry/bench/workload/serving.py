"""Serves a benchmark's city by `cityloop serve` with all its processes, and waits for what they do behind requests."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from cityloop.core.errors import NotPossible
from cityloop.runtime.postgres import postmaster
from cityloop.runtime.postgres.folders import Folders

WAIT_SECONDS = 120.0  # for a server to answer the first request, and for the announcer to catch up


@contextmanager
def served(home: Path) -> Iterator[tuple[int, int]]:
    """Serve a city during the block; yield the port and the process id."""
    command = ["-m", "cityloop.entry.command_line", "serve", "--home", str(home), "--port", "0"]
    with subprocess.Popen([sys.executable, *command], stdout=subprocess.PIPE, text=True) as process:
        try:
            yield _port_of(process), process.pid
        finally:
            process.terminate()
            process.wait()


def wait_for_announcer() -> None:
    """Wait until all events are delivered, so that a stretch is only charged for its own."""
    from cityloop.runtime.models import Event, Subscription

    def caught_up() -> bool:
        last = Event.objects.order_by("-ordinal", "-id").values_list("ordinal", "id").first()
        return last is None or last in Subscription.objects.values_list("ordinal", "event_id")

    wait(caught_up, "announcer-behind")


def wait(condition: Callable[[], bool], code: str) -> None:
    """Wait until the condition is true; raise NotPossible with the code when that takes too long."""
    until = time.monotonic() + WAIT_SECONDS
    while not condition():
        if time.monotonic() > until:
            raise NotPossible(code)
        time.sleep(0.2)


def size(home: Path, serving: int) -> tuple[int, int]:
    """Return the memory in bytes and the number of the processes that serve a city, with those of its database.

    Memory that processes share is divided among them (PSS).
    """
    processes = [*_family(psutil.Process(serving)), *_family(postmaster.find(Folders(home).data))]
    return sum(process.memory_full_info().pss for process in processes), len(processes)


def worked(home: Path, serving: int, database: str) -> float:
    """Return the seconds of processors that the processes of a served city have used, with those of its database."""
    sessions = [
        process
        for process in _family(postmaster.find(Folders(home).data))
        if f" {database} " in " ".join(process.cmdline())
    ]
    return sum(sum(process.cpu_times()[:2]) for process in (*_family(psutil.Process(serving)), *sessions))


def _family(parent: psutil.Process | None) -> list[psutil.Process]:
    return [parent, *parent.children(recursive=True)] if parent else []


def _port_of(process: subprocess.Popen[str]) -> int:
    """Return the port that the server prints once it is ready."""
    for line in process.stdout or ():
        if line.startswith("ready "):
            return int(line.rpartition(":")[2])
    raise NotPossible("server-ended")
