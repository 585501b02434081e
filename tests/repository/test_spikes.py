"""What is said of a spike follows from its answers: what was asked when, and how long that took."""

import asyncio
from dataclasses import replace

import pytest

from cityloop.entry.bench.spikes import Phase
from cityloop.entry.bench.workload.lifecycles import LifecycleOrder, LifecycleOutcome, send

PEOPLE = dict.fromkeys(("operator", "duty", "dispatcher", "roads", "collector"), "session")
ORDER = LifecycleOrder(0, "token", PEOPLE, "671001", "C", shows_page=False, begins=[0.0, 0.01, 0.02], patience=20.0)


def test_a_valley_is_normal_again_with_the_first_seconds_that_are_all_answered_quickly() -> None:
    slow_until_8 = [(second + 0.5, 2.0 if second < 8 else 0.1) for second in range(20)]
    valley = Phase("valley", 1.0, 0, 20, slow_until_8, ended=10)
    assert valley.normal_after(normal=0.1) == 8
    assert valley.normal_after(normal=0.01) is None
    assert valley.each_second(0.95)[7:9] == [2.0, 0.1]
    assert (valley.latency(0.5), valley.latency(0.95), valley.rate) == (0.1, 2.0, 0.5)


@pytest.mark.parametrize(
    ("act", "closed", "errors", "asked_to_wait"),
    [
        ("302 Found\r\nLocation: /cases/1/", 3, {}, 1),
        ("409 Conflict", 0, {"accept: 409": 3}, 1),
        ("302 Found\r\nLocation: /sign-in/?next=/", 0, {"accept: 302": 3}, 1),
    ],
)
def test_cases_are_sent_to_their_end_and_a_request_to_wait_is_no_error(
    act: str, closed: int, errors: dict[str, int], asked_to_wait: int
) -> None:
    outcome = asyncio.run(_sent_to_a_server_that_answers(act))
    assert (len(outcome.ended), outcome.errors, outcome.asked_to_wait) == (closed, errors, asked_to_wait)
    assert len(outcome.answers) == 3 + 6 * closed and outcome.unfinished == 0


async def _sent_to_a_server_that_answers(act: str) -> LifecycleOutcome:
    """Send cases to a server that is too busy for the first request and gives these answers to actions."""
    busy = ["503 Service Unavailable\r\nRetry-After: 0.01\r\nConnection: close"]

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while head := await reader.readline():
            while (line := await reader.readline()) != b"\r\n":
                length = int(line.split()[1]) if line.startswith(b"Content-Length") else 0
            await reader.readexactly(length)
            status, body = (act, "") if b"/act/" in head else ("201 Created", '{"number": "1"}')
            status = busy.pop() if busy else status
            writer.write(f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode())
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        return await send(replace(ORDER, port=port))
