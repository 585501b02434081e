"""What a city does while its database is away, and how it ends. Kills under load: tests/repository/test_bench.py."""

import os
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from homes import CITYLOOP, empty_home, environment

PATIENCE = 90.0  # seconds for a city to come back


@dataclass
class City:
    """A city that is served by a process of its own, as a person starts it."""

    home: Path
    process: subprocess.Popen[str] | None = None
    address: str = ""

    @property
    def log(self) -> Path:
        return self.home.with_suffix(".log")

    def start(self) -> None:
        command = [*CITYLOOP, "serve", "--home", str(self.home), "--port", "0"]
        self.process = subprocess.Popen(
            command, env=environment(), stdout=subprocess.PIPE, stderr=self.log.open("a"), text=True
        )
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if line.startswith("ready "):
                self.address = line.split()[1]
                return
        raise AssertionError("the city did not come up")

    def stop(self) -> None:
        if self.process and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(60)

    def processes(self) -> list[psutil.Process]:
        """Return every process of the city, including those of its database."""
        mine = []
        for process in psutil.process_iter(["cmdline", "environ", "name", "status"]):
            if process.info["status"] == psutil.STATUS_ZOMBIE:
                continue
            home = str(self.home)
            words = " ".join(process.info["cmdline"] or [])
            inside = (process.info["environ"] or {}).get("CITYLOOP_HOME") == home
            if home in words or inside or self._is_database(process):
                mine.append(process)
        return mine

    def _is_database(self, process: psutil.Process) -> bool:
        try:
            return process.info["name"] == "postgres" and str(self.home) in process.cwd()
        except psutil.Error:
            return False


@pytest.fixture
def city(tmp_path: Path) -> Iterator[City]:
    city = City(empty_home(tmp_path / "home"))
    city.start()
    yield city
    city.stop()
    until = time.monotonic() + 30
    while (left := city.processes()) and time.monotonic() < until:
        time.sleep(0.2)
    details = [(process.info["status"], process.ppid(), process.info["cmdline"]) for process in left]
    for process in left:
        process.kill()
    assert left == [], f"the city left processes behind: {details}"


def asked(address: str) -> tuple[int, str | None, str]:
    """Return the status of a page, its Retry-After and its type."""
    try:
        with urllib.request.urlopen(address, timeout=20) as answer:
            return answer.status, None, answer.headers["Content-Type"]
    except urllib.error.HTTPError as error:
        return error.code, error.headers["Retry-After"], error.headers["Content-Type"]


def until(ask: Callable[[], object]) -> None:
    end = time.monotonic() + PATIENCE
    while not ask():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.1)


def test_while_its_database_cannot_start_a_city_answers_503_and_then_comes_back_by_itself(city: City) -> None:
    version = city.home / "postgres" / "PG_VERSION"
    ours = version.read_text()
    version.write_text("9\n")  # refused at the next start
    postmaster = psutil.Process(int((city.home / "postgres" / "postmaster.pid").read_text().split()[0]))
    postmaster.kill()
    until(lambda: "Trying again in" in city.log.read_text())
    for _ in range(20):
        assert asked(f"{city.address}/sign-in/") == (200, None, "text/html; charset=utf-8")  # asks no database
        assert asked(f"{city.address}/health") == (503, "5", "text/html; charset=utf-8")
        bearer = urllib.request.Request(f"{city.address}/api/v1/reports", b"{}", {"Authorization": "Bearer of-nobody"})
        assert asked(bearer) == (503, "5", "application/problem+json")
    version.write_text(ours)
    until(lambda: asked(f"{city.address}/health")[0] == 200)
    assert city.process.poll() is None
    log = city.log.read_text()
    assert "Traceback" not in log
    assert len(log.splitlines()) < 30, log


def test_a_city_whose_terminal_is_closed_ends_in_order(tmp_path: Path) -> None:
    city = City(empty_home(tmp_path / "home"))
    ours, theirs = os.openpty()
    command = [*CITYLOOP, "serve", "--home", str(city.home), "--port", "0"]
    process = subprocess.Popen(
        ["setsid", "--ctty", "--wait", *command], env=environment(), stdin=theirs, stdout=theirs, stderr=theirs
    )
    os.close(theirs)
    seen = b""
    while b"ready " not in seen:
        seen += os.read(ours, 1000)
    os.close(ours)
    assert process.wait(60) == 0
    assert city.processes() == []
    assert not (city.home / "postgres" / "postmaster.pid").exists()
