"""How `cityloop serve` keeps the database running. With real processes: tests/e2e/test_kill.py."""

import threading
import time

import pytest

from cityloop.core.errors import NotPossible
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


@pytest.mark.parametrize("error", [NotPossible("web-silent"), OSError("no process number is free")])
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
