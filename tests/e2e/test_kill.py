"""Kill -9 of every kind of process while reports come in: nothing acknowledged is lost, nothing is doubled."""

import json
import os
import random
import signal
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from homes import CITYLOOP, empty_home, environment

COMMAND = CITYLOOP
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
        command = [*COMMAND, "serve", "--home", str(self.home), "--port", "0"]
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


def cityloop(home: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run a command on a city, which may be running."""
    command = [*COMMAND, *words, "--home", str(home)]
    return subprocess.run(command, env=environment(), capture_output=True, text=True, check=False)


def hand_in(city: City, token: str, name: str) -> dict[str, str]:
    """Hand a report in; try again until it is acknowledged, as a hotline does."""
    body = json.dumps({"channel": "12345", "external_id": name, "text": f"第{name}号问题"}).encode()
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        request = urllib.request.Request(f"{city.address}/api/v1/reports", body, headers)
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            assert (error.code, error.headers["Retry-After"]) == (503, "5"), error.read()
        except OSError:
            pass
        time.sleep(0.05)
    raise AssertionError(f"report {name} was never acknowledged")


def named(words: str) -> Callable[[psutil.Process], bool]:
    """Return a test for processes whose command line contains these words."""
    return lambda process: words in " ".join(process.cmdline())


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
    command = [*COMMAND, "serve", "--home", str(city.home), "--port", "0"]
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


VICTIMS: dict[str, Callable[[psutil.Process], bool]] = {
    "web": named("cityloop.entry.server.web"),
    "announcer": named("backroom announce"),
    "worker": named("backroom work"),
    "database": lambda process: process.name() == "postgres",
    "supervisor": named("command_line serve"),
}


def test_nothing_acknowledged_is_lost_or_doubled_whatever_is_killed(city: City) -> None:
    token = cityloop(city.home, "user", "token", "hotline").stdout.strip()
    acknowledged: dict[str, dict[str, str]] = {}
    stop = threading.Event()

    def sending(sender: int) -> None:
        count = 0
        while not stop.is_set():
            name = f"{sender}-{count}"
            acknowledged[name] = hand_in(city, token, name)
            count += 1

    senders = [threading.Thread(target=sending, args=(number,)) for number in range(4)]
    for sender in senders:
        sender.start()
    chance = random.Random(20261121)
    try:
        for victim in ["web", "announcer", "database", "worker", "web", "database", "supervisor"]:
            time.sleep(chance.uniform(0.5, 1.5))
            running = [process for process in city.processes() if VICTIMS[victim](process)]
            assert running, f"no {victim} was running"
            chance.choice(running).send_signal(signal.SIGKILL)
            if victim == "supervisor":
                assert city.process is not None
                city.process.wait(30)
                city.start()
        until(lambda: len(acknowledged) > 50)
    finally:
        stop.set()
        for sender in senders:
            sender.join()
    again = {name: hand_in(city, token, name) for name in acknowledged}
    assert again == acknowledged, "a retry did not give the first receipt"
    assert len({receipt["number"] for receipt in acknowledged.values()}) == len(acknowledged)
    city.stop()
    verified = cityloop(city.home, "verify")
    assert verified.returncode == 0, verified.stdout + verified.stderr
