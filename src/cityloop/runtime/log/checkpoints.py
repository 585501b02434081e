"""Keyed checkpoints of the event log, kept outside the database. runtime/verification.py checks the log against them.

A checkpoint is one line of JSON in HOME/checkpoints/log.jsonl: up to which place in the log's order it reaches, how
many events it covers and in which order, the head (last seq and hash) of every stream touched since the checkpoint
before, and a MAC over all of it and the MAC before. Somebody who alters or removes events in the database and rewrites
every hash still cannot rewrite this file without the key. What was written after the last checkpoint is chained, but
not sealed yet.

The log in turn records how many checkpoints were written (`LogSealed`, in the stream `log`), so that a file that was
cut or removed is noticed. Such a file continues with the number after the one the log knows: the gap stays visible.
"""

import fcntl
import hashlib
import json
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

from django.db import connection, transaction
from pydantic import TypeAdapter

from cityloop.core import chain
from cityloop.core.errors import NotPossible
from cityloop.runtime.log import events
from cityloop.runtime.models import Subscription
from cityloop.runtime.secrets.keys import key

STREAM = "log"
LONGEST = 20_000  # events one checkpoint covers at most
BLOCK = 1 << 20  # bytes read at a time from the end of the file

_NEXT = """
    SELECT ordinal, id, stream, seq, encode(hash, 'hex'), name FROM runtime_event
     WHERE (ordinal, id) > (%s, %s) AND ordinal < cityloop_log_horizon()
     ORDER BY ordinal, id LIMIT %s
"""
_LOGGED = """
    SELECT (payload ->> 'number')::numeric FROM runtime_event
     WHERE stream = %s AND name = 'LogSealed' AND jsonb_typeof(payload -> 'number') = 'number'
     ORDER BY seq DESC LIMIT 1
"""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """One sealed stretch of the log."""

    number: int
    at: str
    ordinal: int
    event_id: int
    events: int
    heads: dict[str, tuple[int, str]]
    mac: str
    order: str = ""  # the digest of the places of its events; checkpoints of before have none


_LINE = TypeAdapter(Checkpoint)


def seal(home: Path, now: datetime) -> int:
    """Write checkpoints until everything committed is sealed; return how many events were sealed.

    0 while another process seals, or keeps the file unchanged for a backup.
    """
    try:
        with _locked(home, fcntl.LOCK_EX | fcntl.LOCK_NB) as path:
            return _seal(home, path, now)
    except BlockingIOError:
        return 0


@contextmanager
def resting(home: Path, now: datetime) -> Iterator[None]:
    """Seal everything, and let no checkpoint be written during the block: a copy of the file stays the newest."""
    with _locked(home, fcntl.LOCK_EX) as path:
        _seal(home, path, now)
        yield


def sealed(home: Path) -> int:
    """Return how many events the checkpoints cover."""
    return sum(checkpoint.events for checkpoint in read(home, count(home)) if checkpoint)


def count(home: Path) -> int:
    """Return how many complete lines the file has; they never change."""
    path = _path(home)
    if not path.exists():
        return 0
    with path.open("rb") as file:
        return sum(line.endswith(b"\n") for line in file)


def read(home: Path, lines: int) -> Iterator[Checkpoint | None]:
    """Yield the checkpoints of the first lines; None for a line that cannot be read."""
    if lines:
        with _path(home).open("rb") as file:
            yield from map(_parsed, islice(file, lines))


def last_number(home: Path) -> int:
    """Return the number of the last checkpoint, 0 if there is none; raise NotPossible where its line is damaged."""
    path = _path(home)
    last = _last(path) if path.exists() else None
    return last.number if last else 0


def mac(home: Path, checkpoint: Checkpoint) -> str:
    """Return the MAC of a checkpoint whose field `mac` has the MAC before it."""
    return chain.seal(key(home, "checkpoints"), chain.canonical(json.loads(json.dumps(_written(checkpoint)))))


def order_of(places: Iterable[tuple[int, int, str]]) -> str:
    """Return the digest of the places of events in the log's order: their ordinals, ids and hashes."""
    whole = hashlib.sha256()
    for ordinal, event_id, head in places:
        whole.update(f"{ordinal} {event_id} {head}\n".encode())
    return whole.hexdigest()


def _written(checkpoint: Checkpoint) -> dict[str, Any]:
    """Return a checkpoint as it is written; without an order, as checkpoints were before they had one."""
    return {name: value for name, value in asdict(checkpoint).items() if name != "order" or value}


def _seal(home: Path, path: Path, now: datetime) -> int:
    _repair_end(path)
    last = _last(path)
    number, logged, sealed = last.number if last else 0, _logged(), 0
    while fresh := _seal_next(home, path, last, max(number, logged) + 1, now):
        last, number, sealed = fresh, fresh.number, sealed + fresh.events
    if number > logged:
        with transaction.atomic():
            payload = {"number": number, "readers": _readers()}
            events.record(STREAM, "LogSealed", events.SYSTEM, now, payload)
    return sealed


def _seal_next(home: Path, path: Path, last: Checkpoint | None, number: int, now: datetime) -> Checkpoint | None:
    place = (last.ordinal, last.event_id) if last else (-1, 0)
    with connection.cursor() as cursor:
        cursor.execute(_NEXT, [*place, LONGEST])
        rows = cursor.fetchall()
    if all(name == "LogSealed" for *_, name in rows):  # sealing only the event of the seal before would never end
        return None
    heads = {stream: (seq, head) for _, _, stream, seq, head, _ in sorted(rows, key=lambda row: row[3])}
    ordinal, event_id = rows[-1][:2]
    before = last.mac if last else ""
    order = order_of((place, event_id, head) for place, event_id, _, _, head, _ in rows)
    unsealed = Checkpoint(number, chain.moment(now), ordinal, event_id, len(rows), heads, before, order)
    fresh = replace(unsealed, mac=mac(home, unsealed))
    with path.open("a") as file:
        file.write(json.dumps(_written(fresh)) + "\n")
        file.flush()
        os.fsync(file.fileno())
    return fresh


def _readers() -> dict[str, tuple[int, int]]:
    """Return how far each reader has read the log: it never goes back."""
    rows = Subscription.objects.order_by("name").values_list("name", "ordinal", "event_id")
    return {name: (ordinal, event_id) for name, ordinal, event_id in rows}


def _logged() -> int:
    """Return the number of the last checkpoint in the log."""
    with connection.cursor() as cursor:
        cursor.execute(_LOGGED, [STREAM])
        row = cursor.fetchone()
    return int(row[0]) if row else 0


def _path(home: Path) -> Path:
    return home / "checkpoints" / "log.jsonl"


@contextmanager
def _locked(home: Path, how: int) -> Iterator[Path]:
    """Yield the checkpoint file, for one writer at a time."""
    path = _path(home)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with path.open("a") as handle:
        fcntl.flock(handle, how)
        yield path


def _parsed(line: bytes) -> Checkpoint | None:
    try:
        return _LINE.validate_json(line)
    except ValueError:
        return None


def _last(path: Path) -> Checkpoint | None:
    with path.open("rb") as file:
        line, _ = _last_line(file)
    last = _parsed(line)
    if line and last is None:
        raise NotPossible("checkpoints-damaged", {"path": path})
    return last


def _repair_end(path: Path) -> None:
    """Cut off a line that a power failure left incomplete: its events are sealed again."""
    with path.open("r+b") as file:
        _, end = _last_line(file)
        file.truncate(end)


def _last_line(file: BinaryIO) -> tuple[bytes, int]:
    """Return the last complete line, read from the end, and where it ends; nothing and 0 without one."""
    size = file.seek(0, os.SEEK_END)
    tail, start = b"", size
    while start > 0 and tail.rstrip(b"\n").count(b"\n") < 2:
        start = max(0, start - BLOCK)
        file.seek(start)
        tail = file.read(size - start)
    whole = tail[: tail.rfind(b"\n") + 1]
    return whole[:-1].rpartition(b"\n")[2], size - len(tail) + len(whole)
