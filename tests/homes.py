"""Homes of whole cities, made once for all tests of a run by the command that makes them, and copied for each test.

A demo city takes half a minute to build and a second to copy. Homes lie in CITYLOOP_TEST_HOMES, which `make test` sets
so that its phases share them; without it they last as long as the run.
"""

import atexit
import fcntl
import os
import queue
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path

from cityloop.runtime.postgres import Cluster

CITYLOOP = [sys.executable, "-m", "cityloop.entry.command_line"]
BUILDING = 300.0  # seconds for a city to be built on a busy machine
SETTLED = """
from pathlib import Path
from cityloop.entry.console.opening import opened
with opened(Path({home!r}), lambda _: None, runs=True):
    from cityloop.entry.bench.city import settle
    settle()
"""


def environment() -> dict[str, str]:
    """Return the environment without the database of the other tests: these cities have their own."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("CITYLOOP_", "DJANGO_"))}


def demo_home(at: Path) -> Path:
    """Put a copy of a demo city that was built and ended at a place; return the place."""
    return _copied("demo", _build_demo, at)


def empty_home(at: Path) -> Path:
    """Put a copy of a city with its packs and nothing else at a place; return the place."""
    return _copied("empty", _run("init"), at)


def settled_home(at: Path) -> Path:
    """Put a copy of a city without cases, with the demo's areas, units and people, at a place; return the place."""
    return _copied("settled", _settle, at)


def cluster_home(at: Path, binaries: Path | None) -> Path:
    """Put a copy of a home with an empty database server, of our or other binaries, at a place; return the place."""
    name = f"cluster-{binaries.parent.name}" if binaries else "cluster"
    return _copied(name, lambda home: _run_once(home, binaries), at)


def cityloop(home: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run a command on a city, which may be running."""
    command = [*CITYLOOP, *words, "--home", str(home)]
    return subprocess.run(command, env=environment(), capture_output=True, text=True, check=False)


@contextmanager
def running(
    home: Path, verb: str, ends_on: signal.Signals = signal.SIGINT, port: int = 0, **settings: str
) -> Iterator[str]:
    """Run `cityloop demo` or `cityloop serve` on a free port during the block; yield its address."""
    command = [*CITYLOOP, verb, "--port", str(port), "--home", str(home)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, env={**environment(), **settings}, text=True)
    lines: queue.Queue[str] = queue.Queue()
    assert process.stdout
    reader = threading.Thread(
        target=lambda out: [lines.put(line) for line in chain(out, ["ended"])], args=[process.stdout]
    )
    reader.start()
    try:
        line = lines.get(timeout=BUILDING)
        while not line.startswith("ready "):
            assert line != "ended", f"{verb} ended before it was ready"
            line = lines.get(timeout=BUILDING)
        yield line.split()[1]
        process.send_signal(ends_on)
        assert process.wait(timeout=60) == 0
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait(timeout=60)
        reader.join()
        process.stdout.close()


def _build_demo(home: Path) -> None:
    with running(home, "demo", signal.SIGTERM):  # which ends it, and sees that it ends well
        pass


def _run_once(home: Path, binaries: Path | None) -> None:
    cluster = Cluster(home, binaries=binaries)
    cluster.ensure_running(tell=lambda _: None)
    cluster.stop(tell=lambda _: None)


def _settle(home: Path) -> None:
    subprocess.run([sys.executable, "-c", SETTLED.format(home=str(home))], env=environment(), check=True)


def _run(*words: str) -> Callable[[Path], None]:
    def made(home: Path) -> None:
        subprocess.run([*CITYLOOP, *words, "--home", str(home)], env=environment(), check=True, capture_output=True)

    return made


def _copied(name: str, make: Callable[[Path], None], at: Path) -> Path:
    shutil.copytree(_home(name, make), at, symlinks=True, dirs_exist_ok=True)
    return at


def _home(name: str, make: Callable[[Path], None]) -> Path:
    """Return the home of that name; whichever process asks first makes it, and the others wait."""
    home = _folder() / name
    with home.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not home.exists():
            make(home.with_suffix(".new"))
            home.with_suffix(".new").rename(home)
    return home


def _folder() -> Path:
    """Return where homes lie: one folder for all processes of a run."""
    if "CITYLOOP_TEST_HOMES" not in os.environ:
        os.environ["CITYLOOP_TEST_HOMES"] = folder = tempfile.mkdtemp(prefix="cityloop-homes-")
        owner = os.getpid()
        atexit.register(lambda: os.getpid() == owner and shutil.rmtree(folder, ignore_errors=True))
    return Path(os.environ["CITYLOOP_TEST_HOMES"])


if __name__ == "__main__":  # `make test` builds the demo city while the checks run
    _home("demo", _build_demo)
