"""Verifies that the event log is as it was written: every event follows from the one before and the checkpoints.

The packages above verify what they made of the log, in the same snapshot of the database. Nothing is repaired.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from django.db import DataError, connection, transaction

from cityloop.core import chain
from cityloop.core.errors import NotPossible
from cityloop.runtime.log import checkpoints
from cityloop.runtime.log.checkpoints import Checkpoint
from cityloop.runtime.models import Event, Subscription

# What reading a payload of an unknown shape raises.
UNREADABLE = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)

_PLACES = """
    SELECT ordinal, id, encode(hash, 'hex') FROM runtime_event
     WHERE (ordinal, id) > (%s, %s) AND (ordinal, id) <= (%s, %s) ORDER BY ordinal, id
"""
_HEADS = """
    SELECT head.stream, head.seq, event.id IS NULL
      FROM unnest(%s::text[], %s::int[], %s::text[]) AS head(stream, seq, hash)
      LEFT JOIN runtime_event event ON event.stream = head.stream AND event.seq = head.seq
     WHERE event.id IS NULL OR encode(event.hash, 'hex') <> head.hash
     ORDER BY head.stream
"""
_LOGGED = """
    SELECT max((payload ->> 'number')::numeric) FROM runtime_event
     WHERE stream = %s AND name = 'LogSealed' AND jsonb_typeof(payload -> 'number') = 'number'
"""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as it was written: where it is, and what is wrong there."""

    where: str
    what: str


Proof = Callable[[], Iterator[Finding]]


def findings(home: Path, *further: Proof) -> Iterator[Finding]:
    """Yield everything in the log that does not follow from the event before it or from a checkpoint.

    Then yield what the further proofs find, all in one snapshot: a city that runs meanwhile gives no false alarm.
    """
    lines = checkpoints.count(home)  # first: the snapshot that follows has at least what these seal
    own: tuple[Proof, ...] = (
        _broken_links,
        partial(_broken_seals, home, lines),
        partial(_missing_seals, home),
        _readers_moved,
    )
    with snapshot():
        for proof in (*own, *further):
            yield from _readable(proof)


@contextmanager
def snapshot() -> Iterator[None]:
    """Let the block read one snapshot of the database; in a transaction that has begun, the transaction's own."""
    is_first = not connection.in_atomic_block
    with transaction.atomic():
        if is_first:
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield


def _readable(proof: Proof) -> Iterator[Finding]:
    """Yield what a proof finds; a value that the driver cannot read, such as a moment at infinity, is a finding too."""
    try:
        yield from proof()
    except (DataError, ValueError, RecursionError) as error:
        yield Finding("database", f"a value cannot be read, and what follows it was not checked: {error}")


def _broken_links() -> Iterator[Finding]:
    stream, seq = "", 0
    before: bytes | None = chain.EMPTY
    for event in Event.objects.order_by("stream", "seq").iterator(chunk_size=2000):
        if event.stream != stream:
            stream, seq, before = event.stream, 0, chain.EMPTY
        where = f"{stream}#{event.seq}"
        if event.seq != seq + 1:
            yield Finding(where, f"event {seq + 1} before it is missing")
            before = None  # the event it was chained to is missing
        hashed = bytes(event.hash)
        if before is not None and hashed != _link(before, event):
            yield Finding(where, "its content does not match its hash, or the event before it was altered")
        seq, before = event.seq, hashed


def _link(before: bytes, event: Event) -> bytes | None:
    """Return the hash that the event must have; None when its payload is not one that CityLoop writes."""
    try:
        return chain.link(before, event.stream, event.seq, event.name, event.actor, event.at, event.payload)
    except UNREADABLE:
        return None


def _broken_seals(home: Path, lines: int) -> Iterator[Finding]:
    number, before = 0, ""
    place: tuple[int, int] | None = (-1, 0)  # None where a line before cannot be trusted
    for checkpoint in checkpoints.read(home, lines):
        number += 1
        where = f"checkpoint {number}"
        if checkpoint is None:
            yield Finding(where, "cannot be read")
            place, before = None, ""
            continue
        is_ours = checkpoints.mac(home, replace(checkpoint, mac=before)) == checkpoint.mac
        if not is_ours or checkpoint.number != number:
            yield Finding(f"checkpoint {checkpoint.number}", "was altered, or a checkpoint before it is missing")
        if is_ours:
            yield from _missing_events(checkpoint, place)
        place = (checkpoint.ordinal, checkpoint.event_id) if is_ours else None
        number, before = checkpoint.number, checkpoint.mac


def _missing_events(checkpoint: Checkpoint, after: tuple[int, int] | None) -> Iterator[Finding]:
    heads = [(stream, seq, head) for stream, (seq, head) in checkpoint.heads.items()]
    with connection.cursor() as cursor:
        cursor.execute(_HEADS, [list(column) for column in zip(*heads, strict=True)])
        for stream, seq, missing in cursor.fetchall():
            what = "sealed, but is missing" if missing else "is not the event that was sealed"
            yield Finding(f"{stream}#{seq}", what)
        if after is None:
            return
        cursor.execute(_PLACES, [*after, checkpoint.ordinal, checkpoint.event_id])
        places = cursor.fetchall()
    where = f"checkpoint {checkpoint.number}"
    if len(places) != checkpoint.events:
        yield Finding(where, f"sealed {checkpoint.events} events, {len(places)} are there")
    elif checkpoint.order and checkpoints.order_of(places) != checkpoint.order:
        yield Finding(where, "its events are not in the places that were sealed")


def _missing_seals(home: Path) -> Iterator[Finding]:
    """Yield the missing end of the file. It is read after the log, which knows only of what was written."""
    with connection.cursor() as cursor:
        cursor.execute(_LOGGED, [checkpoints.STREAM])
        logged = cursor.fetchone()[0] or 0
    try:
        written = checkpoints.last_number(home)
    except NotPossible:
        return  # it exists and cannot be read: found already
    if written < logged:
        yield Finding("checkpoints", f"{logged} were written, the file ends with {written}")


def _readers_moved() -> Iterator[Finding]:
    """Yield every reader of the log that is missing, or further back than when the last checkpoint was written."""
    sealed = Event.objects.filter(stream=checkpoints.STREAM, name="LogSealed", payload__has_key="readers")
    payload = sealed.order_by("-seq").values_list("payload", flat=True).first() or {"readers": {}}
    rows = Subscription.objects.values_list("name", "ordinal", "event_id")
    present = {name: (ordinal, event_id) for name, ordinal, event_id in rows}
    for name, place in sorted(payload["readers"].items()):
        if present.get(name, (-1, 0)) < tuple(place):
            yield Finding(f"reader {name}", "is missing, or has read less of the log than it had")
    for name, (ordinal, event_id) in sorted(present.items()):
        if ordinal != -1 and not Event.objects.filter(pk=event_id, ordinal=ordinal).exists():
            yield Finding(f"reader {name}", "is at a place of the log where no event is")
