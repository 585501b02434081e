"""Starts the embedded server, adopts it when its owner was killed, waits for its recovery, stops it.

One command at a time decides (the lock on `Folders.lock`); the next one finds the server running and uses it.
"""

import os
import signal
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from urllib.parse import quote

import psutil

from cityloop.core.errors import NotPossible
from cityloop.runtime.postgres import account as accounts
from cityloop.runtime.postgres import binaries as programs
from cityloop.runtime.postgres import creation, postmaster, register
from cityloop.runtime.postgres.faults import disk_full, home_of_another, mentions_full_disk, refusing_os_errors
from cityloop.runtime.postgres.folders import PORT, SOCKET, Folders
from cityloop.runtime.postgres.locks import holding, try_lock
from cityloop.runtime.postgres.postmaster import LeftProcesses, Tell, file_size

LOG_LIMIT = 16 * 2**20  # bytes; the end of a longer log is kept as postgres.log.1

SETTINGS: Mapping[str, str] = MappingProxyType(
    {
        "listen_addresses": "",
        "port": str(PORT),
        "unix_socket_permissions": "0700",
        "max_connections": "60",
        "shared_buffers": "256MB",
        "wal_compression": "on",
        "max_wal_size": "2GB",
        "synchronous_commit": "on",
        "fsync": "on",
        "full_page_writes": "on",
        "jit": "off",
        "idle_in_transaction_session_timeout": "60s",
        "timezone": "UTC",
        "log_timezone": "UTC",
        "lc_messages": "C",  # this module reads the log
        "log_checkpoints": "off",
        "log_startup_progress_interval": "5s",
        # What people reported must not get into a log: no statements, no rows in the details of an error.
        "log_min_error_statement": "panic",
        "log_error_verbosity": "terse",
    }
)


def say_nothing(sentence: str) -> None:
    """Ignore a message about progress."""


class Cluster:
    """The embedded server of one home.

    `settings` add to SETTINGS or replace them; an orderly stop may take `patience_seconds`.
    """

    def __init__(
        self,
        home: Path,
        *,
        binaries: Path | None = None,
        settings: Mapping[str, str] = MappingProxyType({}),
        patience_seconds: float = 300,
    ) -> None:
        self.home = home.expanduser().resolve()
        self.binaries = programs.find(binaries)
        self._folders = Folders(self.home)
        self._settings = {**SETTINGS, **settings}
        self._patience_seconds = patience_seconds

    @property
    def url(self) -> str:
        """Return the address of the database for libpq and Django, over the private socket."""
        self._folders.make()
        place = quote(str(self._folders.socket_folder()), safe="")
        return f"postgresql://{creation.ROLE}@/{creation.DATABASE}?host={place}&port={PORT}"

    def is_running(self) -> bool:
        """Return whether the server runs and takes connections."""
        process = postmaster.find(self._folders.data)
        return process is not None and postmaster.state(self._folders.data, process) == "ready"

    def ensure_running(self, *, tell: Tell = say_nothing) -> bool:
        """Return when the server is ready: True where this call started it, False where it ran already."""
        with self._alone(tell):
            return self._ensure_running(tell)

    def stop(self, *, tell: Tell = say_nothing) -> None:
        """Stop the server in an orderly way, whoever uses it, and return when it has ended."""
        with self._alone(tell):
            self._stop(tell)

    @contextmanager
    def used(self, *, tell: Tell = say_nothing) -> Iterator["Cluster"]:
        """Have the server running during the block; the last user to leave stops it."""
        with self._alone(tell):
            entry = self._enter(tell)
        try:
            yield self
        finally:
            with self._alone(tell):
                register.leave(entry)
                if not register.living(self._folders.users):
                    self._stop(tell)

    @contextmanager
    def _alone(self, tell: Tell) -> Iterator[None]:
        with refusing_os_errors(self.home):
            self._folders.make()
            with holding(self._folders.lock, tell):
                yield

    def _enter(self, tell: Tell) -> Path:
        entry = register.enter(self._folders.users)
        try:
            self._ensure_running(tell)
        except BaseException:
            register.leave(entry)
            raise
        return entry

    def _ensure_running(self, tell: Tell) -> bool:
        self._trim_log()
        leftovers = LeftProcesses(self._folders.data, tell)
        while (life := self._life_unless_running()) is None:
            process = postmaster.find(self._folders.data)
            if process is None:
                leftovers.wait()
            elif self._adopted(process, tell):
                return False
        self._start(life, tell)
        return True

    def _life_unless_running(self) -> int | None:
        """Return the lock on the server's life; None while one of its processes lives, whoever started it."""
        return None if postmaster.find(self._folders.data) else try_lock(self._folders.life)

    def _adopted(self, process: psutil.Process, tell: Tell) -> bool:
        """Wait until the running server is ready; False where it ended instead."""
        log = self._folders.log
        if postmaster.await_ready(process, self._folders.data, log, tell, since=file_size(log)):
            return True
        postmaster.await_end(process, "The database is being stopped; waiting for its end.", tell)
        return False

    def _start(self, life: int, tell: Tell) -> None:
        try:
            account = accounts.choose()
            self._prepare(account, life, tell)
            while not self._launch(account, life, tell):
                tell("The memory of the last server is still in use by a process of it; waiting for its end.")
                time.sleep(1)
        finally:
            os.close(life)  # our copy; the server keeps its own

    def _prepare(self, account: accounts.ServerAccount, life: int, tell: Tell) -> None:
        data = self._folders.data
        if creation.missing(data):
            tell("Creating a new database.")
            creation.create(self._folders, self.binaries, account, life)
        if not account.may_have(data):
            raise home_of_another(data)
        creation.check_version(data, self.binaries)
        postmaster.forget_dead(data, self._folders.socket_folder() / SOCKET)
        account.take(data)
        creation.write_access(data, account)

    def _launch(self, account: accounts.ServerAccount, life: int, tell: Tell) -> bool:
        """Start the server and wait until it is ready; False where processes of the last one prevent that."""
        data, log, since = self._folders.data, self._folders.log, file_size(self._folders.log)
        command = [*account.prefix, self.binaries / "postgres", "-D", str(data), *self._options()]
        process = postmaster.launch(command, log=log, life=life, environment=programs.environment())
        try:
            ready = postmaster.await_ready(process, data, log, tell, since)
        except BaseException:
            postmaster.send(process, signal.SIGINT)  # nobody has registered who could stop it later
            raise
        if not ready:
            self._refuse_unless_leftovers(log.read_bytes()[since:].decode(errors="replace"))
        return ready

    def _options(self) -> list[str]:
        place = str(self._folders.socket_folder()).replace('"', '""')
        settings = {**self._settings, "unix_socket_directories": f'"{place}"'}
        return [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]

    def _refuse_unless_leftovers(self, output: str) -> None:
        if "pre-existing shared memory block" in output:
            return
        if mentions_full_disk(output):
            raise disk_full(self.home)
        fatal = [line for line in output.splitlines() if "FATAL:" in line or "PANIC:" in line]
        last = fatal[-1] if fatal else output[-500:]
        raise NotPossible("database-not-started", {"error": last.strip(), "log": self._folders.log})

    def _stop(self, tell: Tell) -> None:
        process = postmaster.find(self._folders.data)
        if process is None:
            return
        postmaster.send(process, signal.SIGINT)
        sentence = "The database is writing its data and closing."
        if not postmaster.await_end(process, sentence, tell, self._patience_seconds):
            self._break_off(process, tell)

    def _break_off(self, process: psutil.Process, tell: Tell) -> None:
        tell("The database does not close in order; stopping it by force. It will recover at its next start.")
        postmaster.send(process, signal.SIGQUIT)
        postmaster.await_end(process, "Waiting for the end of the database.", tell)

    def _trim_log(self) -> None:
        # The server appends to the file it has open: it is copied and cut, not renamed.
        log = self._folders.log
        if file_size(log) > LOG_LIMIT:
            with log.open("rb") as full:
                full.seek(-LOG_LIMIT, os.SEEK_END)
                log.with_name("postgres.log.1").write_bytes(full.read())
            os.truncate(log, 0)


@contextmanager
def running(home: Path, *, tell: Tell = say_nothing) -> Iterator[Cluster]:
    """Have the embedded server of a home running during the block; the last user to leave stops it."""
    with Cluster(home).used(tell=tell) as cluster:
        yield cluster
