"""Keyed checkpoints of the event log, kept outside the database, and the proof that the log still agrees with them.

A checkpoint is one line of JSON in HOME/checkpoints/log.jsonl: up to which place in the log's order it reaches, how
many events it covers, the head (last seq and hash) of every stream touched since the checkpoint before, and a MAC over
all of it and the MAC before. Who alters, cuts or removes events in the database and rewrites every hash still cannot
rewrite this file without the key. What was written after the last checkpoint is chained, but not sealed yet.
"""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path

from django.db import connection, transaction

from cityloop.core import chain
from cityloop.runtime.keys import key
from cityloop.runtime.models import Event

LONGEST = 20_000  # events one checkpoint covers at most
BLOCK = 1 << 20  # bytes read at a time from the end of the file

_NEXT = """
    SELECT ordinal, id, stream, seq, encode(hash, 'hex') FROM runtime_event
     WHERE (ordinal, id) > (%s, %s) AND ordinal < cityloop_log_horizon()
     ORDER BY ordinal, id LIMIT %s
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


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as it was written: where, and what is wrong there."""

    where: str
    what: str


def seal(home: Path, now: datetime) -> int:
    """Write checkpoints until everything committed is sealed; return how many events that were."""
    with _locked(home) as path:
        last = _last(path)
        sealed = 0
        while fresh := _seal_next(home, path, last, now):
            last, sealed = fresh, sealed + fresh.events
        return sealed


def sealed(home: Path) -> int:
    """Return how many events the checkpoints cover."""
    return sum(checkpoint.events for checkpoint in _read(home / "checkpoints" / "log.jsonl"))


def findings(home: Path) -> Iterator[Finding]:
    """Yield everything in the log that does not follow from the event before it or from a checkpoint."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        yield from _broken_links()
        yield from _broken_seals(home)


def _seal_next(home: Path, path: Path, last: Checkpoint | None, now: datetime) -> Checkpoint | None:
    place = (last.ordinal, last.event_id) if last else (-1, 0)
    with connection.cursor() as cursor:
        cursor.execute(_NEXT, [*place, LONGEST])
        rows = cursor.fetchall()
    if not rows:
        return None
    heads = {stream: (seq, head) for _, _, stream, seq, head in sorted(rows, key=lambda row: row[3])}
    ordinal, event_id = rows[-1][:2]
    number, before = (last.number + 1, last.mac) if last else (1, "")
    unsealed = Checkpoint(number, chain.moment(now), ordinal, event_id, len(rows), heads, before)
    sealed = replace(unsealed, mac=_mac(home, unsealed))
    with path.open("a") as file:
        file.write(json.dumps(asdict(sealed)) + "\n")
        file.flush()
        os.fsync(file.fileno())
    return sealed


def _mac(home: Path, checkpoint: Checkpoint) -> str:
    """Return the seal over a checkpoint whose `mac` holds the one before it."""
    return chain.seal(key(home, "checkpoints"), chain.canonical(json.loads(json.dumps(asdict(checkpoint)))))


@contextmanager
def _locked(home: Path) -> Iterator[Path]:
    """The checkpoint file, for one writer at a time."""
    folder = home / "checkpoints"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / "log.jsonl"
    with path.open("a") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield path


def _read(path: Path) -> Iterator[Checkpoint]:
    if not path.exists():
        return
    with path.open() as file:
        for line in file:
            if not line.endswith("\n"):
                return  # a line the power failed on: its events are sealed again by the next
            yield Checkpoint(**json.loads(line))


def _last(path: Path) -> Checkpoint | None:
    """Return the last whole checkpoint, read from the end; cut off a line that the power failed on."""
    with path.open("r+b") as file:
        size = file.seek(0, os.SEEK_END)
        tail, start = b"", size
        while start > 0 and tail.rstrip(b"\n").count(b"\n") < 2:
            start = max(0, start - BLOCK)
            file.seek(start)
            tail = file.read(size - start)
        whole = tail[: tail.rfind(b"\n") + 1]
        file.truncate(size - len(tail) + len(whole))
    lines = whole.splitlines()
    return Checkpoint(**json.loads(lines[-1])) if lines else None


def _broken_links() -> Iterator[Finding]:
    stream, seq, before = "", 0, chain.EMPTY
    for event in Event.objects.order_by("stream", "seq").iterator(chunk_size=2000):
        if event.stream != stream:
            stream, seq, before = event.stream, 0, chain.EMPTY
        where = f"{stream}#{event.seq}"
        if event.seq != seq + 1:
            yield Finding(where, f"event {seq + 1} before it is missing")
            before = None  # type: ignore[assignment]  # what it was chained to is gone
        hashed = bytes(event.hash)
        if before is not None and hashed != _link(before, event):
            yield Finding(where, "its words do not match its hash, or the event before it was altered")
        seq, before = event.seq, hashed


def _link(before: bytes, event: Event) -> bytes:
    return chain.link(before, event.stream, event.seq, event.name, event.actor, event.at, event.payload)


def _broken_seals(home: Path) -> Iterator[Finding]:
    place, before, number = (-1, 0), "", 0
    for checkpoint in _read(home / "checkpoints" / "log.jsonl"):
        where = f"checkpoint {checkpoint.number}"
        unsealed = replace(checkpoint, mac=before)
        if checkpoint.number != number + 1 or _mac(home, unsealed) != checkpoint.mac:
            yield Finding(where, "was altered, or a checkpoint before it is missing")
        yield from _missing_heads(checkpoint)
        upto = (checkpoint.ordinal, checkpoint.event_id)
        found = _count(place, upto)
        if found != checkpoint.events:
            yield Finding(where, f"sealed {checkpoint.events} events, {found} are there")
        place, before, number = upto, checkpoint.mac, checkpoint.number


def _count(above: tuple[int, int], upto: tuple[int, int]) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM runtime_event WHERE (ordinal, id) > (%s, %s) AND (ordinal, id) <= (%s, %s)",
            [*above, *upto],
        )
        return int(cursor.fetchone()[0])


def _missing_heads(checkpoint: Checkpoint) -> Iterator[Finding]:
    heads = [(stream, seq, head) for stream, (seq, head) in checkpoint.heads.items()]
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT head.stream, head.seq, event.id IS NULL
              FROM unnest(%s::text[], %s::int[], %s::text[]) AS head(stream, seq, hash)
              LEFT JOIN runtime_event event ON event.stream = head.stream AND event.seq = head.seq
             WHERE event.id IS NULL OR encode(event.hash, 'hex') <> head.hash
             ORDER BY head.stream
            """,
            [list(column) for column in zip(*heads, strict=True)],
        )
        for stream, seq, missing in cursor.fetchall():
            what = "sealed, but is missing" if missing else "is not the event that was sealed"
            yield Finding(f"{stream}#{seq}", what)
