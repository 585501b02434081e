"""The server's process: finds it, reads its state, reports its progress, signals it. cluster.py decides when.

A process is never identified by a number in a file alone: a number may be used again. Every process of the server holds
the lock on `Folders.life`, passed to it when it starts, and the postmaster is the process in the data folder.
"""

import contextlib
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import psutil

Tell = Callable[[str], None]
BETWEEN_LOOKS, BETWEEN_MESSAGES = 0.05, 5.0  # seconds
ORPHANS_LEFT_ALONE = 5.0  # seconds that processes of a killed server have to end by themselves

_children: list[subprocess.Popen[bytes]] = []  # kept to collect their exit status: a dead child remains until then


def launch(command: list[str], *, log: Path, life: int, environment: dict[str, str]) -> psutil.Process:
    """Start the server in a session of its own, so that Ctrl-C in the terminal reaches us and not it."""
    with log.open("ab") as output:
        child = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            pass_fds=(life,),
            start_new_session=True,
            env=environment,
        )
    _children.append(child)
    return psutil.Process(child.pid)


def find(data: Path) -> psutil.Process | None:
    """Return the living postmaster of the data folder, whoever started it; None where there is none."""
    lines = _pid_file(data)
    if not lines or not lines[0].isdecimal():
        return None
    process = process_of(int(lines[0]))
    return process if process and is_server(process, data) else None


def process_of(pid: int) -> psutil.Process | None:
    """Return the process of that number, if there is one."""
    try:
        return psutil.Process(pid)
    except psutil.NoSuchProcess:
        return None


def is_server(process: psutil.Process, data: Path) -> bool:
    """Return whether it is a living PostgreSQL in this very folder, not a process whose number was used again."""
    try:
        return alive(process) and process.name().startswith("postgres") and Path(process.cwd()).samefile(data)
    except (psutil.Error, OSError):
        return False


def alive(process: psutil.Process) -> bool:
    """Return whether the process lives; one that ended and was not collected yet does not."""
    _children[:] = [child for child in _children if child.poll() is None]
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def state(data: Path, process: psutil.Process) -> str:
    """Return the state that the server reports: starting, ready, stopping; empty where it reports none yet."""
    lines = _pid_file(data)
    is_reported = len(lines) > 7 and lines[0] == str(process.pid)
    return lines[7].strip() if is_reported else ""


def await_ready(process: psutil.Process, data: Path, log: Path, tell: Tell, since: int) -> bool:
    """Wait without limit until the server is ready; False where it ended or is stopping. `since`: offset in the log."""
    news = _News(log, since, tell)
    while alive(process):
        now = state(data, process)
        news.tell("The database is still starting.")  # before the return: a short recovery is reported too
        if now in ("ready", "stopping"):
            return now == "ready"
        time.sleep(BETWEEN_LOOKS)
    return False


def await_end(process: psutil.Process, sentence: str, tell: Tell, patience_seconds: float = float("inf")) -> bool:
    """Wait for the process to end, repeating the sentence every few seconds; False after `patience_seconds`."""
    begun = last_message = time.monotonic()
    while alive(process):
        moment = time.monotonic()
        if moment - begun > patience_seconds:
            return False
        if moment - last_message > BETWEEN_MESSAGES:
            last_message = moment
            tell(sentence)
        time.sleep(BETWEEN_LOOKS)
    return True


def send(process: psutil.Process, number: signal.Signals) -> None:
    """Signal the process, unless it has ended."""
    with contextlib.suppress(psutil.NoSuchProcess):
        process.send_signal(number)  # psutil looks at the start time again before it signals


def forget_dead(data: Path, socket: Path) -> None:
    """Remove what a server that was killed left: its two lock files, postmaster.pid and that of the socket.

    PostgreSQL refuses to start while any process has the number in one of them: a stranger that was given the number
    again, or the dead server itself until its parent collects it. It also refuses an empty one. Call this while holding
    the lock on `Folders.life`, which proves that no process of the server is left.
    """
    for left in (data / "postmaster.pid", socket.with_name(f"{socket.name}.lock")):
        left.unlink(missing_ok=True)


def file_size(path: Path) -> int:
    """Return the size of the file in bytes; 0 where there is none."""
    return path.stat().st_size if path.exists() else 0


def _pid_file(data: Path) -> list[str]:
    try:
        return (data / "postmaster.pid").read_text().splitlines()
    except FileNotFoundError:
        return []


class LeftProcesses:
    """The processes that a killed postmaster left: they end by themselves, and get a signal where they take long."""

    def __init__(self, data: Path, tell: Tell) -> None:
        self._data, self._tell = data, tell
        self._begun = self._last_message = time.monotonic()

    def wait(self) -> None:
        """Wait a moment; every second report which processes remain."""
        time.sleep(BETWEEN_LOOKS)
        if time.monotonic() - self._last_message > 1:
            self._last_message = time.monotonic()
            self._hurry([process for process in psutil.process_iter() if is_server(process, self._data)])

    def _hurry(self, left: list[psutil.Process]) -> None:
        numbers = ", ".join(str(process.pid) for process in left) or "number unknown"
        self._tell(f"The last server was killed and its processes are still ending ({numbers}); waiting for them.")
        for process in left if self._last_message - self._begun > ORPHANS_LEFT_ALONE else []:
            send(process, signal.SIGTERM)


class _News:
    """Passes on what the log says of a recovery, and another sentence every few seconds where it says nothing."""

    def __init__(self, log: Path, since: int, tell: Tell) -> None:
        self._log, self._since, self._tell = log, since, tell
        self._last_message = time.monotonic()

    def tell(self, otherwise: str) -> None:
        """Tell what is new, or the other sentence after a while of silence."""
        lines = self._recovery_lines()
        if not lines and time.monotonic() - self._last_message > BETWEEN_MESSAGES:
            lines = [otherwise]
        for line in lines:
            self._last_message = time.monotonic()
            self._tell(line)

    def _recovery_lines(self) -> list[str]:
        with self._log.open("rb") as log:
            log.seek(self._since)
            fresh = log.read().rpartition(b"\n")
        self._since += len(fresh[0] + fresh[1])
        lines = fresh[0].decode(errors="replace").splitlines()
        return [message for line in lines if (message := _recovery_message(line))]


def _recovery_message(line: str) -> str | None:
    if "automatic recovery in progress" in line:
        return "The database was not closed in order; it is recovering what was written. Wait: nothing is lost."
    if "in progress, elapsed time" in line:
        return f"The database is recovering: {line.partition('LOG:')[2].strip()}"
    return None
