"""Clients that do not give up: each does one thing after the other and repeats it until it is acknowledged."""

import json
import socket
import threading
import time
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable
from http.client import HTTPException, HTTPResponse

from cityloop.entry.bench.workload.senders import Reports, SendingOrder

PAUSE = 0.1  # seconds before a repetition
PATIENCE = 30.0  # seconds for an answer
REFUSED_FOR_NOW = 503
ACCEPTED = (201, 200)  # 200: it had been stored by a request whose answer was lost


class Client(threading.Thread, ABC):
    """A thread that does things until it is told to stop, and then finishes what it began."""

    def __init__(self) -> None:
        super().__init__(daemon=True)  # a city that never comes back must not keep the benchmark from ending
        self.stopping = threading.Event()
        self.broken = 0  # attempts that got no answer, or were refused for now
        self.unexpected: Counter[str] = Counter()  # answers that no client should get

    def run(self) -> None:
        while not self.stopping.is_set():
            self.work()

    @abstractmethod
    def work(self) -> None:
        """Do the next thing until it is acknowledged."""


class PersistentSender(Client):
    """Hands in one report after the other over one connection, without pause. A repetition has the same external id."""

    def __init__(self, order: SendingOrder) -> None:
        super().__init__()
        self.receipts: list[tuple[str, str]] = []
        self.stored_before = 0
        self._port = order.port
        self._reports = Reports(order)
        self._connection: socket.socket | None = None

    def work(self) -> None:
        report = self.next_report()
        while not self.tried(*report):
            time.sleep(PAUSE)

    def next_report(self) -> tuple[str, bytes]:
        """Return the external id of the next report and its request."""
        return self._reports.next()

    def tried(self, external_id: str, request: bytes) -> bool:
        """Hand in a report once; return whether it was acknowledged."""
        try:
            status, body = self._answer(request)
        except (OSError, HTTPException):
            status, body = REFUSED_FOR_NOW, b""
        if status in ACCEPTED:
            self.stored_before += status == ACCEPTED[1]
            self.receipts.append((external_id, json.loads(body)["number"]))
            return True
        self._hang_up()
        self.broken += 1
        if status != REFUSED_FOR_NOW:
            self.unexpected[str(status)] += 1
        return False

    def _answer(self, request: bytes) -> tuple[int, bytes]:
        if self._connection is None:
            self._connection = socket.create_connection(("127.0.0.1", self._port), PATIENCE)
        self._connection.sendall(request)
        with HTTPResponse(self._connection) as response:
            response.begin()
            return response.status, response.read()

    def _hang_up(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection = None


class Acting(Client):
    """Accepts one case after the other, as an operator does at the desk, through the action that the page calls."""

    def __init__(self, take: Callable[[str], None], next_case: Callable[[], str | None]) -> None:
        super().__init__()
        self.accepted: list[str] = []
        self._take, self._next_case = take, next_case

    def work(self) -> None:
        if number := self._next_case():
            self._accept(number)
        time.sleep(PAUSE)

    def _accept(self, number: str) -> None:
        from django.db import InterfaceError, OperationalError, connection

        from cityloop.core.errors import Refusal

        attempts = 0
        while True:
            try:
                self._take(number)
            except (InterfaceError, OperationalError):
                connection.close()
                attempts += 1
                time.sleep(PAUSE)
                continue
            except Refusal as refusal:  # an attempt without an answer may have done it
                if not attempts:
                    self.unexpected[refusal.code] += 1
                    return
            self.broken += attempts
            self.accepted.append(number)
            return
