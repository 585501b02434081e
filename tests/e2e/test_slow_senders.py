"""Senders that are slow, silent or many hold up nobody else; bodies without a length are read like others."""

import json
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack
from urllib.parse import urlsplit

import pytest

from homes import CITYLOOP, environment, running, settled_home

SLOW = b"POST /api/v1/reports HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
IDLE = [b"", b"GET / HTTP/1.1\r\nHost: loc", b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n"]


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running(settled_home(tmp_path_factory.mktemp("slow") / "home"), "serve") as address:
        yield address


@pytest.fixture(scope="module")
def token(address: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    home = tmp_path_factory.getbasetemp() / "slow0" / "home"
    command = [*CITYLOOP, "user", "token", "hotline", "--home", str(home)]
    return subprocess.run(command, env=environment(), check=True, capture_output=True, text=True).stdout.strip()


def opened(address: str, sent: bytes) -> socket.socket:
    parts = urlsplit(address)
    connection = socket.create_connection((parts.hostname, parts.port), timeout=60)
    connection.sendall(sent)
    return connection


def answered(connection: socket.socket) -> tuple[int, str]:
    """Return the status and the rest of an answer, up to the end of the connection."""
    received = b"".join(iter(lambda: connection.recv(65536), b"")).decode()
    return int(received.split()[1]), received


def test_health_answers_while_others_are_slow(address: str) -> None:
    with ExitStack() as stack:
        slow = [stack.enter_context(opened(address, SLOW + b"Content-Length: 1000\r\n\r\n{")) for _ in range(60)]
        idle = [stack.enter_context(opened(address, sent)) for sent in IDLE * 20]
        until = time.monotonic() + 5
        while time.monotonic() < until:
            with urllib.request.urlopen(f"{address}/health", timeout=5) as answer:
                assert answer.read() == b"ok"
            with urllib.request.urlopen(f"{address}/sign-in/", timeout=5) as answer:
                assert answer.status == 200
            for connection in slow:
                connection.sendall(b" ")
            time.sleep(0.5)
        status, words = answered(slow[0])
        assert idle[0].recv(1) == b""  # who says nothing is hung up on
    assert status == 408
    assert "urn:cityloop:problem:too-slow" in words


def test_a_body_in_chunks_is_read_like_any_other(address: str, token: str) -> None:
    body = json.dumps({"channel": "12345", "external_id": "A", "text": "路灯不亮"}).encode()
    head = SLOW + f"Authorization: Bearer {token}\r\nConnection: close\r\n".encode()
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (body[:9], body[9:], b""))
    for sent, status in (
        (b"Transfer-Encoding: chunked\r\n\r\n" + chunks, 201),
        (b"Content-Length: %d\r\n\r\n%s" % (len(body), body), 200),
    ):
        with opened(address, head + sent) as connection:
            assert answered(connection)[0] == status


def test_what_the_city_answers_is_what_was_asked(address: str) -> None:
    for path, status in {"/%FF": 404, "/health%00": 404, "/queue/?words=%E5": 302, "/%E5%8C%97/": 404}.items():
        with opened(address, f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode()) as asked:
            assert answered(asked)[0] == status, path
