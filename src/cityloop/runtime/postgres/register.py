"""Records who is using the server: one file for each use, HOME/run/users/PID-BIRTH-TOKEN. Nothing is started here.

A process is identified by its number and its birth, so that a number used again is not taken for the dead process.
"""

import os
import secrets
from pathlib import Path

import psutil


def enter(users: Path) -> Path:
    """Record that this process uses the server; return the entry for `leave`."""
    entry = users / f"{os.getpid()}-{birth(os.getpid())}-{secrets.token_hex(4)}"
    entry.touch(mode=0o600)
    return entry


def leave(entry: Path) -> None:
    """Remove the entry."""
    entry.unlink(missing_ok=True)


def living(users: Path) -> list[Path]:
    """Return the entries of living processes, removing those of the dead."""
    entries = list(users.iterdir())
    dead = [entry for entry in entries if not _lives(entry)]
    for entry in dead:
        leave(entry)
    return [entry for entry in entries if entry not in dead]


def birth(pid: int) -> str | None:
    """Return when the process was born, in a form that does not change with the clock; None where it is dead."""
    try:
        if not psutil.LINUX:
            return str(round(psutil.Process(pid).create_time() * 100))
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (OSError, psutil.NoSuchProcess):
        return None
    state, ticks = fields[0], fields[19]  # proc(5): fields 3 and 22, counted after the name
    return None if state in "ZX" else ticks


def _lives(entry: Path) -> bool:
    pid, _, rest = entry.name.partition("-")
    return birth(int(pid)) == rest.partition("-")[0]
