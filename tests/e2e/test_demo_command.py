"""`cityloop demo` as a person uses it: it builds, serves, receives a report, stops with its database, continues."""

import json
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import psutil
import pytest

from homes import demo_home, environment, running

CITYLOOP = Path(sys.executable).parent / "cityloop"
REPORT = {"channel": "12345", "external_id": "e2e-1", "text": "路灯不亮", "lon": 112.86, "lat": 31.42}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


def get(address: str) -> tuple[int, str]:
    with urllib.request.urlopen(address, timeout=30) as answer:
        return answer.status, answer.read().decode()


def hand_in(address: str, token: str) -> tuple[int, dict[str, str]]:
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    request = urllib.request.Request(f"{address}/api/v1/reports", json.dumps(REPORT).encode(), headers)
    with urllib.request.urlopen(request, timeout=30) as answer:
        return answer.status, json.load(answer)


def token(home: Path) -> str:
    command = [str(CITYLOOP), "user", "token", "inbox", "--home", str(home)]
    return subprocess.run(command, env=environment(), check=True, capture_output=True, text=True).stdout.strip()


def running_in(home: Path) -> list[psutil.Process]:
    return [process for process in psutil.process_iter() if str(home) in " ".join(_words(process))]


def _words(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []


def test_the_demo_city_is_built_served_ended_and_served_again_with_what_it_held(home: Path) -> None:
    demo_home(home)  # built by the command, served until it was ready, and ended
    with running(home, "demo", signal.SIGTERM) as address:
        assert get(f"{address}/health") == (200, "ok")
        status, page = get(f"{address}/")
        assert status == 200 and 'name="password"' in page
        assert json.loads(get(f"{address}/api/v1/openapi.json")[1])["openapi"].startswith("3.1")
        first = token(home)
        status, receipt = hand_in(address, first)
        assert status == 201
        assert running_in(home)
    assert running_in(home) == []
    with running(home, "demo") as address:
        assert hand_in(address, first) == (200, receipt)
    assert running_in(home) == []
