"""How `cityloop serve` keeps the database running. With real processes: tests/e2e/test_kill.py."""

import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from cityloop.core.errors import NotPossible
from cityloop.entry.server import serving
from cityloop.entry.server.serving import Database


class Away:
    """A cluster that does not run; starting it does what a test says."""

    def __init__(self, start) -> None:
        self.ensure_running = start

    def is_running(self) -> bool:
        return False


def test_a_database_that_recovers_for_long_does_not_keep_the_other_processes_from_being_looked_after() -> None:
    recovered = threading.Event()
    database = Database(Away(lambda tell: recovered.wait()))
    messages: list[str] = []
    for _ in range(3):
        database.revive(messages.append)
    assert messages == ["the database ended; restarting it"]
    recovered.set()
    database.end()
    assert database.failures == 0


@pytest.mark.parametrize("error", [NotPossible("server-ended"), OSError("no process number is free")])
def test_a_database_that_does_not_start_is_tried_again_after_growing_pauses(error, monkeypatch) -> None:
    def refuse(tell) -> None:
        raise error

    now = 100.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    database, messages, pauses = Database(Away(refuse)), [], []
    for _ in range(6):
        database.revive(messages.append)
        database.end()
        database.revive(messages.append)  # too early: nothing is done
        pauses.append(database.next_at - now)
        now = database.next_at
    assert pauses == [2, 4, 8, 16, 32, 32]
    assert len(messages) == 2 * len(pauses)
    assert f"{error} Trying again in 16 seconds." in messages


class Slow:
    """A web server that answers at the third look; it counts the looks as `Stop` and as a process that is kept."""

    looks = 0

    def wait(self, seconds: float) -> bool:
        self.looks += 1
        return False

    def revive(self, tell) -> None:
        if self.looks == 3:
            self.answering = HTTPServer(("127.0.0.1", self.port), Health)
            threading.Thread(target=self.answering.serve_forever).start()


class Health(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None: ...


def test_a_web_server_that_is_slow_to_start_is_waited_for_and_does_not_end_the_city(monkeypatch) -> None:
    monkeypatch.setattr(serving, "STARTUP_SECONDS", 0.0)
    slow, messages = Slow(), []
    slow.port = serving.free_port(0)
    assert serving._answers(f"http://127.0.0.1:{slow.port}", slow, [slow], messages.append) is True
    slow.answering.shutdown()
    slow.answering.server_close()
    assert set(messages) == {"The web server does not answer yet; waiting for it."}
