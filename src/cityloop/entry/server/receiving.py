"""Receives requests whole before a thread works on them: an RSGI application that runs a WSGI one in few threads.

Threads are few, because each has a database connection; senders may be slow or silent. So the event loop reads bodies,
within limits of time and space, and only a complete request waits for a thread. /health has a thread of its own.
"""

import asyncio
import sys
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from tempfile import SpooledTemporaryFile
from typing import Any, BinaryIO, cast

from django.http import HttpResponse

from cityloop.presentation.pages.uploads import LARGEST_REQUEST
from cityloop.presentation.problems import problem

THREADS = 3  # requests that a worker handles at once
WAITING = 256  # requests that may wait for a thread; further ones are asked to come back
PATIENCE = 20.0  # seconds for a body to arrive, and one second more for each
SLOWEST = 2_000  # bytes of it
IN_MEMORY = 64_000  # bytes of a body; a larger one is kept on the disk
HELD = 2_000_000_000  # bytes of all bodies at once, over which only small ones are received

Answer = tuple[int, list[tuple[str, str]], bytes]


class Receiving:
    """A WSGI application behind a reader of whole requests."""

    def __init__(self, application: Callable[..., Iterable[bytes]]) -> None:
        self.application = application
        self.threads = ThreadPoolExecutor(THREADS)
        self.watch = ThreadPoolExecutor(1)
        self.waiting = self.held = 0

    async def __rsgi__(self, scope: Any, proto: Any) -> None:
        """Answer one request."""
        with SpooledTemporaryFile(IN_MEMORY) as spooled:
            body = cast(BinaryIO, spooled)
            try:
                proto.response_bytes(*await self._answered(scope, proto, body))
            finally:
                self.held -= body.seek(0, 2)

    async def _answered(self, scope: Any, proto: Any, body: BinaryIO) -> Answer:
        try:
            refused = await self._read(proto, body) if _has_body(scope) else None
        except TimeoutError:
            refused = problem(408, "too-slow", "The body did not arrive in time. Send it again.")
        if refused is None and scope.path != "/health" and self.waiting >= WAITING:
            refused = problem(503, "too-busy", "Too many requests are waiting. Send it again later.")
            refused["Retry-After"] = "10"
        return _plain(refused) if refused else await self._worked(scope, _environ(scope, body))

    async def _read(self, proto: Any, body: BinaryIO) -> HttpResponse | None:
        """Read the body; return the refusal if it is too large, raise TimeoutError if it is too slow."""
        size, began = 0, asyncio.get_running_loop().time()
        async with asyncio.timeout(PATIENCE) as limit:
            async for chunk in proto:
                size += len(chunk)
                if size > LARGEST_REQUEST:
                    return problem(413, "too-large", f"A request holds at most {LARGEST_REQUEST:,} bytes.")
                if size > IN_MEMORY and self.held > HELD:
                    return problem(503, "too-busy", "Too many files are arriving. Send it again later.")
                self.held += body.write(chunk)
                limit.reschedule(began + PATIENCE + size / SLOWEST)
        return None

    async def _worked(self, scope: Any, environ: dict[str, Any]) -> Answer:
        threads = self.watch if scope.path == "/health" else self.threads
        self.waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(threads, self._work, environ)
        finally:
            self.waiting -= 1

    def _work(self, environ: dict[str, Any]) -> Answer:
        """Run the application to the end of its answer, in the thread that has its database connection."""
        begun: list[Any] = []
        chunks = self.application(environ, lambda status, headers, *_: begun.extend((int(status[:3]), headers)))
        try:
            content = b"".join(chunks)
        finally:
            getattr(chunks, "close", lambda: None)()
        return begun[0], begun[1], content


def _has_body(scope: Any) -> bool:
    return "content-length" in scope.headers or "transfer-encoding" in scope.headers


def _plain(response: HttpResponse) -> Answer:
    return response.status_code, [*response.items(), ("Connection", "close")], response.content


def _environ(scope: Any, body: BinaryIO) -> dict[str, Any]:
    """Return the request as PEP 3333 has it. The length is that of what arrived, also of a chunked body."""
    length = body.tell()
    body.seek(0)
    host, _, port = scope.server.rpartition(":")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": scope.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": scope.path.encode("utf-8", "surrogateescape").decode("latin-1"),
        "QUERY_STRING": scope.query_string,
        "SERVER_NAME": host,
        "SERVER_PORT": port,
        "SERVER_PROTOCOL": f"HTTP/{scope.http_version}",
        "REMOTE_ADDR": scope.client.rpartition(":")[0],
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": body,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    for name, value in scope.headers.items():
        if "_" not in name and name not in ("content-length", "transfer-encoding"):  # X_Y would pass for X-Y
            key = "CONTENT_TYPE" if name == "content-type" else f"HTTP_{name.upper().replace('-', '_')}"
            joint = "; " if name == "cookie" else ","
            environ[key] = f"{environ[key]}{joint}{value}" if key in environ else value
    if scope.authority:
        environ.setdefault("HTTP_HOST", scope.authority)
    return {**environ, "CONTENT_LENGTH": str(length)} if length else environ
