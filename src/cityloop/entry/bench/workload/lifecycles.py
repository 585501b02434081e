"""The senders of whole cases, a process of their own: each case is reported through the API and taken to its end by the
forms of the workbench, as `acting` does directly.

Cases begin at their moments, whether earlier ones have ended or not (an open loop), or as soon as one before has ended
(a closed loop). An answer 503 with Retry-After is obeyed: the request is repeated after that time, and its time counts
from the first try. The process reads a LifecycleOrder from standard input and prints a LifecycleOutcome.
"""

import asyncio
import json
import resource
import sys
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from urllib.parse import urlencode

from cityloop.entry.bench.workload.acting import INPUTS, STRAIGHT

CSRF = "b" * 32  # as a browser sends it: in a cookie and in a header


@dataclass(frozen=True, slots=True)
class LifecycleOrder:
    """What to send and where to. With `begins` (seconds from the start) cases begin then, else `workers` do one case
    after the other for `seconds`. Cases may take `patience` seconds more after the last beginning.
    """

    port: int
    token: str
    sessions: dict[str, str]  # session keys by person
    district: str
    prefix: str  # of the external ids
    shows_page: bool  # ask for the case's page after each action, as a browser does
    begins: list[float] = field(default_factory=list)
    workers: int = 0
    seconds: float = 0.0
    patience: float = 600.0


@dataclass(slots=True)
class LifecycleOutcome:
    """The outcome; moments are seconds from the start."""

    answers: list[tuple[float, float]] = field(default_factory=list)  # when first asked, how long it took
    ended: list[float] = field(default_factory=list)  # when cases were closed
    errors: dict[str, int] = field(default_factory=dict)
    asked_to_wait: int = 0
    unfinished: int = 0


class UnexpectedAnswer(Exception):
    """An answer that is neither the expected one nor a request to come back later."""


class Connections:
    """Connections to the server, kept open and used again; as many as requests are under way."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []

    async def ask(self, request: bytes) -> tuple[int, Mapping[str, str], bytes]:
        """Send a request; return status, headers and body.

        As a browser does, it is sent again by a new connection where the server had closed the one that was kept open.
        """
        while self._idle:
            kept = self._idle.pop()
            try:
                return await self._ask(request, *kept)
            except (asyncio.IncompleteReadError, ConnectionError) as error:
                if getattr(error, "partial", b""):
                    raise
        return await self._ask(request, *await asyncio.open_connection("127.0.0.1", self._port))

    async def _ask(
        self, request: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> tuple[int, Mapping[str, str], bytes]:
        try:
            writer.write(request)
            head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            headers = dict(line.lower().split(": ", 1) for line in head[1:] if ": " in line)
            body = await reader.readexactly(int(headers.get("content-length", "0")))
        except BaseException:
            writer.close()
            raise
        if headers.get("connection") == "close":
            writer.close()
        else:
            self._idle.append((reader, writer))
        return int(head[0].split()[1]), headers, body

    def close(self) -> None:
        """Close the connections that are not in use."""
        for _, writer in self._idle:
            writer.close()


class Cases:
    """Takes cases from report to closed, and notes how that went."""

    def __init__(self, order: LifecycleOrder) -> None:
        self._order, self.outcome = order, LifecycleOutcome()
        self._connections = Connections(order.port)
        self._clock = asyncio.get_running_loop().time
        self._start = self._clock()
        self._errors = Counter[str]()
        self._begun = 0

    async def send(self) -> LifecycleOutcome:
        """Send all cases of the order; return the outcome."""
        order = self._order
        if order.begins:
            work = [self._at(moment) for moment in order.begins]
        else:
            work = [self._one_after_the_other() for _ in range(order.workers)]
        last = max(order.begins, default=order.seconds)
        done, late = await asyncio.wait(map(asyncio.ensure_future, work), timeout=last + order.patience)
        for task in done:
            task.result()
        self._connections.close()
        self.outcome.unfinished, self.outcome.errors = len(late), dict(self._errors)
        return self.outcome

    async def _at(self, moment: float) -> None:
        await asyncio.sleep(self._start + moment - self._clock())
        await self._case()

    async def _one_after_the_other(self) -> None:
        while self._clock() < self._start + self._order.seconds:
            await self._case()

    async def _case(self) -> None:
        self._begun += 1
        try:
            number = json.loads(await self._ask("report", self._report(self._begun), 201))["number"]
            for task, (action, person) in enumerate(STRAIGHT, start=1):
                request = self._act(number, task, action, person)
                await self._ask(action, request, 200 if self._order.shows_page else 302)
        except (OSError, EOFError, UnexpectedAnswer) as error:
            self._errors[str(error)] += 1
        else:
            self.outcome.ended.append(self._clock() - self._start)

    async def _ask(self, what: str, request: bytes, expected: int) -> bytes:
        began_at = self._clock()
        status, headers, body = await self._connections.ask(request)
        while status == 503 and "retry-after" in headers:
            self.outcome.asked_to_wait += 1
            await asyncio.sleep(float(headers["retry-after"]))
            status, headers, body = await self._connections.ask(request)
        if status != expected or "/sign-in/" in headers.get("location", ""):
            raise UnexpectedAnswer(f"{what}: {status}")
        self.outcome.answers.append((began_at - self._start, self._clock() - began_at))
        return body

    def _report(self, number: int) -> bytes:
        report = {
            "channel": "bench",
            "external_id": f"{self._order.prefix}-{number:07d}",
            "text": "人行道地砖破损，有人绊倒，请尽快处理。",
            "category": INPUTS["category"],
            "district": self._order.district,
            "address": f"长江路{number}号",
            "reporter": {"name": "张三", "phone": f"1200{number:07d}"},
        }
        headers = f"Authorization: Bearer {self._order.token}\r\nContent-Type: application/json\r\n"
        return self._request("/api/v1/reports", headers, json.dumps(report).encode())

    def _act(self, number: str, task: int, action: str, person: str) -> bytes:
        form = {**INPUTS, "district": self._order.district, "task": task, "action": action, "length": task}
        headers = (
            f"Cookie: sessionid={self._order.sessions[person]}; csrftoken={CSRF}\r\nX-CSRFToken: {CSRF}\r\n"
            "Content-Type: application/x-www-form-urlencoded\r\n"
        )
        if self._order.shows_page:
            headers += "HX-Request: true\r\n"
        return self._request(f"/cases/{number}/act/", headers, urlencode(form).encode())

    def _request(self, path: str, headers: str, body: bytes) -> bytes:
        head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{self._order.port}\r\n{headers}Content-Length: {len(body)}"
        return f"{head}\r\n\r\n".encode() + body


async def send(order: LifecycleOrder) -> LifecycleOutcome:
    """Send the cases of an order; return the outcome."""
    return await Cases(order).send()


if __name__ == "__main__":
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    print(json.dumps(asdict(asyncio.run(send(LifecycleOrder(**json.load(sys.stdin)))))))
