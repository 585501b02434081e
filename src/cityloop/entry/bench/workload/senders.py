"""The senders of the intake benchmark, a process of their own: each has one connection and posts one report at a time.

They use only the standard library, and only as much HTTP/1.1 as our server needs: on two cores the senders must not use
the processor time that they measure. The process reads a SendingOrder from standard input and prints a SendingOutcome.
The reports are invented and no two are alike.
"""

import asyncio
import json
import sys
import time
from dataclasses import asdict, dataclass, field
from itertools import count
from random import Random


@dataclass(frozen=True, slots=True)
class SendingOrder:
    """What to send, where to, and for how long."""

    port: int
    path: str
    token: str
    seconds: float
    connections: int
    channel: str
    prefix: str  # of the external ids
    west: float
    south: float
    east: float
    north: float
    texts: list[str]
    categories: list[str]


@dataclass(slots=True)
class SendingOutcome:
    """The outcome. `receipts` are the external ids of the accepted reports (status 201) with the numbers returned."""

    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)  # seconds, of accepted reports
    receipts: list[tuple[str, str]] = field(default_factory=list)
    refused: dict[str, int] = field(default_factory=dict)  # by status
    broken: int = 0  # connections that ended too early


class Reports:
    """The requests to send, as bytes."""

    def __init__(self, order: SendingOrder) -> None:
        self._order = order
        self._numbers = count(1)
        self._chance = Random(order.prefix)  # noqa: S311  # a load, no secret
        self._texts = [json.dumps(text, ensure_ascii=False) for text in order.texts]
        self._head = (
            f"POST {order.path} HTTP/1.1\r\nHost: 127.0.0.1:{order.port}\r\nContent-Type: application/json\r\n"
            f"Authorization: Bearer {order.token}\r\nContent-Length: "
        ).encode()

    def next(self) -> tuple[str, bytes]:
        """Return the external id of the next report and its request."""
        order, chance, number = self._order, self._chance, next(self._numbers)
        external_id = f"{order.prefix}-{number:07d}"
        lon, lat = chance.uniform(order.west, order.east), chance.uniform(order.south, order.north)
        body = (
            f'{{"channel":"{order.channel}","external_id":"{external_id}","text":{chance.choice(self._texts)},'
            f'"lon":{lon:.6f},"lat":{lat:.6f},"category":"{chance.choice(order.categories)}",'
            f'"address":"长江路{number}号","reporter":{{"name":"张三","phone":"1200{number:07d}"}}}}'
        ).encode()
        return external_id, b"%b%d\r\n\r\n%b" % (self._head, len(body), body)


class Sender(asyncio.Protocol):
    """One connection: sends a request, waits for the response, sends the next, until the time is up."""

    transport: asyncio.Transport

    def __init__(self, reports: Reports, outcome: SendingOutcome, until: float) -> None:
        self._reports, self._outcome, self._until = reports, outcome, until
        self._response = b""
        self.done = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport  # type: ignore[assignment]  # a stream's transport
        self._send()

    def data_received(self, data: bytes) -> None:
        self._response += data
        head, blank, body = self._response.partition(b"\r\n\r\n")
        if blank and len(body) >= _length(head):
            self._accept(head, body)
            self._response = b""
            self._send()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.done.done():
            self._outcome.broken += 1
            self.done.set_result(None)

    def _send(self) -> None:
        self._began_at = time.perf_counter()
        if self._began_at >= self._until:
            self.done.set_result(None)
            self.transport.close()
            return
        self._external_id, request = self._reports.next()
        self.transport.write(request)

    def _accept(self, head: bytes, body: bytes) -> None:
        status = head[9:12].decode()
        if status != "201":
            self._outcome.refused[status] = self._outcome.refused.get(status, 0) + 1
            return
        self._outcome.latencies.append(time.perf_counter() - self._began_at)
        self._outcome.receipts.append((self._external_id, json.loads(body)["number"]))


async def send(order: SendingOrder) -> SendingOutcome:
    """Post reports over every connection until the time is up; return the outcome."""
    loop, reports, outcome = asyncio.get_running_loop(), Reports(order), SendingOutcome()
    began_at = time.perf_counter()

    def sender() -> Sender:
        return Sender(reports, outcome, began_at + order.seconds)

    connections = [await loop.create_connection(sender, "127.0.0.1", order.port) for _ in range(order.connections)]
    await asyncio.gather(*(protocol.done for _, protocol in connections))
    outcome.seconds = time.perf_counter() - began_at
    return outcome


def _length(head: bytes) -> int:
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    return 0


if __name__ == "__main__":
    print(json.dumps(asdict(asyncio.run(send(SendingOrder(**json.load(sys.stdin)))))))
