"""Serves a city: runs the web server, the announcer, the worker and the counter of figures as child processes and
restarts each when it dies, and the embedded database as well. They end when this process stops or dies.
"""

import contextlib
import os
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass, field

from cityloop.core.errors import NotPossible, Refusal
from cityloop.entry.console.opening import Tell
from cityloop.runtime.configuration import Configuration
from cityloop.runtime.postgres import Cluster
from cityloop.runtime.processes import Stop, tell_children

FIRST_PORT, LAST_PORT = 8000, 8099
STARTUP_SECONDS = 60.0  # for the web server to answer the first request, before it is said that it does not
SHUTDOWN_SECONDS = 25.0  # for a process to end after SIGTERM, before it is killed
APPLICATION = "cityloop.entry.server.application:application"
LONGEST_PAUSE = 32  # seconds between two attempts to start the database


@dataclass(slots=True)
class Child:
    """A child process that is kept running."""

    name: str
    command: Sequence[str]
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    deaths: int = field(default=0)

    def start(self) -> None:
        """Start the process."""
        self.started_at = time.monotonic()
        self.process = subprocess.Popen(self.command, start_new_session=True)

    def revive(self, tell: Tell) -> None:
        """Restart the process if it has died; wait longer each time that it dies soon after its start."""
        if self.process is None or self.process.poll() is None:
            return
        lived = time.monotonic() - self.started_at
        self.deaths = self.deaths + 1 if lived < 5 else 1
        if lived >= min(0.2 * 2**self.deaths, 10.0):
            tell(f"{self.name} ended ({self.process.returncode}); restarting it")
            try:
                self.start()
            except OSError as error:  # no memory or no process number for it now; the next look tries again
                tell(f"{self.name} did not start: {error}")

    def end(self) -> None:
        """End the process in order, or by force where it takes too long."""
        if self.process is None or self.process.poll() is not None:
            return
        self.process.terminate()
        try:
            self.process.wait(SHUTDOWN_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


@dataclass(slots=True)
class Database:
    """The embedded database, kept running: where it does not start, it is tried again after growing pauses."""

    cluster: Cluster
    failures: int = 0
    next_at: float = 0.0
    starting: threading.Thread | None = None

    def revive(self, tell: Tell) -> None:
        """Start the database if it has ended; after a failure only when its pause is over.

        It may recover for minutes. Meanwhile the other processes are kept running, and answer 503.
        """
        is_busy = self.starting is not None and self.starting.is_alive()
        if is_busy or time.monotonic() < self.next_at:
            return
        with contextlib.suppress(OSError):  # it could not be looked at, for lack of memory: the next look may
            if not self.cluster.is_running():
                tell("the database ended; restarting it")
                self.starting = threading.Thread(target=self._start, args=[tell], name="database")
                self.starting.start()

    def end(self) -> None:
        """Wait until no attempt is going on; the last user of the database stops it."""
        if self.starting is not None:
            self.starting.join()

    def _start(self, tell: Tell) -> None:
        self.failures += 1
        pause = min(2**self.failures, LONGEST_PAUSE)
        try:
            self.cluster.ensure_running(tell=tell)
            self.failures = pause = 0
        except (Refusal, OSError) as error:
            tell(f"{error} Trying again in {pause} seconds.")
        finally:
            self.next_at = time.monotonic() + pause


def serve(configuration: Configuration, port: int | None, tell: Tell, ready: Tell) -> None:
    """Serve on 127.0.0.1 until SIGINT, SIGTERM or SIGHUP; call `ready` with the address once pages are served."""
    stop = Stop()
    chosen = free_port(port)
    children = [
        Child("web", web_command(chosen, int(configuration.web_workers))),
        Child("announcer", _backroom("announce")),
        Child("worker", _backroom("work")),
        Child("counter", _backroom("count")),
    ]
    database = [] if configuration.database_url else [Database(Cluster(configuration.home_folder))]
    kept: list[Child | Database] = [*children, *database]
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cityloop.runtime.settings")
    tell_children()
    try:
        for child in children:
            child.start()
        address = f"http://127.0.0.1:{chosen}"
        if _answers(address, stop, kept, tell):
            ready(address)
        while not stop.wait(0.2):
            _revive(kept, tell)
    finally:
        for each in kept:
            each.end()


def free_port(port: int | None) -> int:
    """Return the given port if it is free; for 0 any free port, for None the first free port from 8000."""
    wanted = range(FIRST_PORT, LAST_PORT + 1) if port is None else [port]
    for candidate in wanted:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", candidate))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise NotPossible("port-taken", {"port": wanted[0]})


def web_command(port: int, workers: int, application: str = APPLICATION) -> list[str]:
    """Return the command of the web server."""
    return [sys.executable, "-m", "cityloop.entry.server.web", str(port), str(workers), application]


def _backroom(room: str) -> list[str]:
    return [sys.executable, "-m", "cityloop.entry.server.backroom", room]


def _revive(kept: Sequence[Child | Database], tell: Tell) -> None:
    for each in kept:
        each.revive(tell)


def _answers(address: str, stop: Stop, kept: Sequence[Child | Database], tell: Tell) -> bool:
    """Wait until the web server answers, however long a busy machine takes; False if told to stop meanwhile."""
    message_at = time.monotonic()
    while not stop.wait(0.1):
        _revive(kept, tell)
        if time.monotonic() - message_at > STARTUP_SECONDS:
            message_at = time.monotonic()
            tell("The web server does not answer yet; waiting for it.")
        try:
            with urllib.request.urlopen(f"{address}/health", timeout=5) as response:  # noqa: S310  # our own address
                if response.status == 200:
                    return True
        except OSError:
            continue
    return False
