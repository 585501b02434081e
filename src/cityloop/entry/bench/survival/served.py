"""A city served by a child process; its processes are found by kind and killed."""

import contextlib
import ctypes
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from cityloop.core.errors import NotPossible
from cityloop.entry.bench.city import IGNORED
from cityloop.entry.server.serving import free_port
from cityloop.runtime.configuration import variable
from cityloop.runtime.postgres import postmaster
from cityloop.runtime.postgres.folders import SOCKET, Folders

PR_SET_CHILD_SUBREAPER = 36
PROGRAMS = {  # kinds of child processes, by words of their command lines
    "web": "cityloop.entry.server.web",
    "announcer": "backroom announce",
    "worker": "backroom work",
    "counter": "backroom count",
}
CLIENT = "postgres: cityloop"  # as PostgreSQL names its processes that work for a connection
ENDING = 60.0  # seconds for a city to end in order

Found = dict[str, list[psutil.Process]]


class ServedCity:
    """A city in a home, served at the same port each time."""

    def __init__(self, home: Path) -> None:
        self.folders = Folders(home.resolve())
        self.log = home / "logs" / "serve.log"
        self.port = free_port(0)
        self._serving: list[subprocess.Popen[bytes]] = []  # the last one serves

    def start(self) -> None:
        """Start `cityloop serve`."""
        command = ["-m", "cityloop.entry.command_line", "serve", "--home", str(self.folders.home)]
        unwanted = {variable(name) for name in IGNORED}
        environment = {name: value for name, value in os.environ.items() if name not in unwanted}
        with self.log.open("ab") as log:
            self._serving.append(
                subprocess.Popen(
                    [sys.executable, *command, "--port", str(self.port)], stdout=log, stderr=log, env=environment
                )
            )

    def is_serving(self) -> bool:
        """Return whether `serve` has not ended."""
        return self._serving[-1].poll() is None

    def end(self) -> int:
        """End the city in order; return the exit code of `serve`."""
        self._serving[-1].terminate()
        return self._serving[-1].wait(ENDING)

    def last_words(self) -> str:
        """Return the end of what `serve` and the database printed."""
        logs = (self.log, self.folders.log)
        return "\n".join(log.read_text(errors="replace")[-2000:] for log in logs)

    def processes(self) -> Found:
        """Return the living processes of each kind."""
        found: Found = {}
        supervisor = self._serving[-1]
        if supervisor.poll() is None and postmaster.alive(process := psutil.Process(supervisor.pid)):
            children = _children(process)
            found["supervisor"] = [process]
            for kind, words in PROGRAMS.items():
                found[kind] = [child for child, command in children.items() if words in command]
            found["web worker"] = [worker for master in found["web"] for worker in _children(master)]
        if database := postmaster.find(self.folders.data):
            found |= {"database": [database], "database connection": [], "database process": []}
            for child, command in _children(database).items():
                found[f"database {'connection' if CLIENT in command else 'process'}"].append(child)
        return found

    def cut_power(self) -> None:
        """Kill every process at once, the supervisor first: it must not start any of them again."""
        killed = [process for processes in self.processes().values() for process in processes]
        for process in killed:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        while any(postmaster.alive(process) for process in killed):
            time.sleep(0.01)

    def give_numbers_to(self, stranger: int) -> None:
        """Write the number of another process where the dead left theirs, as after a restart of the machine."""
        socket = self.folders.socket_folder() / SOCKET
        for left in (self.folders.data / "postmaster.pid", socket.with_name(f"{SOCKET}.lock")):
            _, line, rest = left.read_text().partition("\n")
            left.write_text(f"{stranger}{line}{rest}")
        for user in self.folders.users.iterdir():
            user.rename(user.with_name(f"{stranger}-{user.name.partition('-')[2]}"))

    def collect(self) -> None:
        """Collect the dead processes: until now they were zombies, as under a first process that collects late."""
        for serving in self._serving[:-1]:
            serving.wait()
        ours = {serving.pid for serving in self._serving}
        for child in psutil.Process().children():
            with contextlib.suppress(psutil.NoSuchProcess, ChildProcessError):
                if child.pid not in ours and child.status() == psutil.STATUS_ZOMBIE:
                    os.waitpid(child.pid, os.WNOHANG)


@contextmanager
def served(home: Path) -> Iterator[ServedCity]:
    """Serve a city during the block; what is left of it afterwards is killed."""
    _adopt_orphans()
    city = ServedCity(home)
    city.start()
    try:
        yield city
    finally:
        city.cut_power()
        city.collect()


def _children(parent: psutil.Process) -> dict[psutil.Process, str]:
    """Return the children of a process with their commands; one that has just ended hides none of the others."""
    found = {}
    with contextlib.suppress(psutil.NoSuchProcess):
        for child in parent.children():
            with contextlib.suppress(psutil.NoSuchProcess):
                found[child] = " ".join(child.cmdline())
    return found


def _adopt_orphans() -> None:
    """Become the parent of orphans below this process (on Linux): they stay zombies until it collects them."""
    if sys.platform == "linux" and ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1):
        raise NotPossible("server-ended")
