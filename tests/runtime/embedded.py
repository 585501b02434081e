"""What the tests of the embedded server share: commands in processes of their own, and queries about the server's."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import psycopg

import cityloop
from cityloop.runtime.postgres import Cluster
from cityloop.runtime.postgres.postmaster import alive, find

SOURCE = Path(cityloop.__file__).parent.parent
DEBIAN_15 = Path("/usr/lib/postgresql/15/bin")

USE = """
import sys
from pathlib import Path
from cityloop.runtime.postgres import running
with running(Path(sys.argv[1]), tell=lambda sentence: print("progress", sentence, flush=True)) as cluster:
    print("ready", flush=True)
    sys.stdin.read()
"""


def start(script: str, *arguments: object, before: tuple[str, ...] = (), python: str = sys.executable, **more: object):
    """Start a Python script in a process of its own, as a command of CityLoop would be."""
    path = os.pathsep.join([str(SOURCE), *(place for place in sys.path if place.endswith("site-packages"))])
    return subprocess.Popen(
        [*before, python, "-c", script, *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": path},
        **more,
    )


def start_use(home: Path, **more: object) -> subprocess.Popen[str]:
    """Start a command that uses the server, and return when the server is ready."""
    command = start(USE, home, **more)
    for line in command.stdout:
        if line == "ready\n":
            return command
    raise AssertionError(command.stderr.read())


def postmaster(home: Path) -> psutil.Process:
    """Return the server's process."""
    return psutil.Process(int((home / "postgres" / "postmaster.pid").read_text().split()[0]))


def backend(home: Path, title: str) -> psutil.Process:
    """Return the server's process of that title, waiting for it."""

    def found() -> psutil.Process | None:
        of_server = postmaster(home).children()
        return next((process for process in of_server if title in " ".join(process.cmdline())), None)

    return until(found)


def until(ask: Callable[[], object], limit_seconds: float = 30):
    """Return the first true answer."""
    end = time.monotonic() + limit_seconds
    while not (answer := ask()):
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.01)
    return answer


def rows(cluster: Cluster, statement: str) -> list[tuple]:
    with psycopg.connect(cluster.url) as connection:
        cursor = connection.execute(statement)
        return cursor.fetchall() if cursor.description else []


def end_server(home: Path) -> None:
    """End at once what a test left running."""
    process = find(home / "postgres")
    if process:
        process.send_signal(signal.SIGQUIT)
        until(lambda: not alive(process))
    shutil.rmtree(home.parent, ignore_errors=True)


def kill_server(home: Path) -> None:
    """Kill the postmaster and return when it is dead."""
    process = postmaster(home)
    process.kill()
    until(lambda: not alive(process))
