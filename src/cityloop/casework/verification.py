"""Verifies that cases, tasks and personal words are what their history says, and rebuilds rows from it.

That the history itself is as it was written is verified in runtime.verification.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby, islice
from typing import Any

from django.db import connection, transaction
from django.db.models import TextField, Value
from django.db.models.functions import Concat

from cityloop.casework import models
from cityloop.casework.history import events as history
from cityloop.casework.history import projection
from cityloop.core import chain
from cityloop.core.procedures.casefile import CaseState, after
from cityloop.runtime.log import events
from cityloop.runtime.models import Event
from cityloop.runtime.verification import UNREADABLE, Finding, snapshot

CHUNK = 500  # cases read at a time
REPAIRABLE = "`cityloop verify --rebuild` repairs it"

_WITHOUT_HISTORY = """
    SELECT 'case/' || found.id FROM casework_case AS found
     WHERE NOT EXISTS (SELECT 1 FROM runtime_event AS event WHERE event.stream = 'case/' || found.id AND event.seq = 1)
     ORDER BY found.id
"""
_WITHOUT_CASE = """
    SELECT event.stream FROM runtime_event AS event
     WHERE event.stream LIKE 'case/%' AND event.seq = 1
       AND NOT EXISTS (SELECT 1 FROM casework_case AS found WHERE 'case/' || found.id = event.stream)
     ORDER BY event.stream
"""

WordsKey = tuple[int, str]  # of personal words: the number of their event, their name


class UnreadableEvent(Exception):
    """An event of a case whose payload CityLoop cannot have written; the argument is its stream and number."""


@dataclass(slots=True)
class ReplayedCase:
    """The result of a history: the state, the columns of the row, the commitments of words, the words erased."""

    case: CaseState
    columns: dict[str, Any]
    commitments: dict[WordsKey, str]
    erased: set[WordsKey]


def findings() -> Iterator[Finding]:
    """Yield every case that differs from its replayed history, and every personal word that was altered or removed."""
    for stream in _streams(_WITHOUT_HISTORY):
        yield Finding(stream, "has no history")
    for stream in _streams(_WITHOUT_CASE):
        yield Finding(stream, f"has a history but no case; {REPAIRABLE}, except personal words")
    for row, replayed in _cases():
        if isinstance(replayed, UnreadableEvent):
            yield Finding(str(replayed), "cannot be read")
        elif replayed:
            yield from _row_findings(row, replayed)
            yield from _words_findings(row, replayed)


def rebuild_all() -> int:
    """Rebuild the rows of every case that is missing or not what its history says; return how many."""
    with snapshot():
        differing = [
            row.pk
            for row, replayed in _cases()
            if isinstance(replayed, ReplayedCase) and any(_row_findings(row, replayed))
        ]
        differing += _missing()
    with transaction.atomic():
        # Numbers that were exchanged between cases would violate the unique constraint one by one.
        placeholder = Concat(Value("?"), "pk", output_field=TextField())
        models.Case.objects.filter(pk__in=differing).update(number=placeholder)
        for case_id in differing:
            rebuild(case_id)
    return len(differing)


@transaction.atomic
def rebuild(case_id: int) -> None:
    """Rebuild the rows of a case and its tasks from the history; nobody can act on the case meanwhile."""
    events.locked(history.stream(case_id))  # if the row is missing there is nothing else to lock
    row = models.Case.objects.select_for_update().filter(pk=case_id).first() or models.Case(pk=case_id)
    replayed = replay(list(Event.objects.filter(stream=history.stream(case_id)).order_by("seq")))
    if replayed is None:
        return
    for name, value in replayed.columns.items():
        setattr(row, name, value)
    for name, body in _shown(row).items():
        setattr(row, name, body)
    row.save()
    row.tasks.all().delete()
    projection.insert_tasks((case_id, replayed.case, task) for task in replayed.case.tasks)


def replay(history_of_case: list[Event]) -> ReplayedCase | None:
    """Return the result of the events of a case, None without events; raise UnreadableEvent for one it cannot read."""
    replayed = None
    for event in history_of_case:
        try:
            replayed = _after(replayed, event)
        except UNREADABLE as error:
            raise UnreadableEvent(f"{event.stream}#{event.seq}") from error
    return replayed


def _after(replayed: ReplayedCase | None, event: Event) -> ReplayedCase:
    payload = event.payload
    case = after(replayed.case if replayed else None, history.move(event.name, payload), event.actor, event.at)
    opened_at = replayed.columns["opened_at"] if replayed else event.at
    columns = {**projection.origin(case, opened_at), **projection.columns(case), "head": bytes(event.hash)}
    commitments = {(event.seq, name): digest for name, digest in payload["words"].items()}
    erased = {_words_key(key) for key in payload["answers"]} if event.name == "WordsErased" else set()
    if replayed:
        erased = replayed.erased | (erased & replayed.commitments.keys())
        commitments = replayed.commitments | commitments
    return ReplayedCase(case, columns, commitments, erased)


def _words_key(text: str) -> WordsKey:
    seq, _, name = text.partition(".")
    return int(seq), name


def _cases() -> Iterator[tuple[models.Case, ReplayedCase | UnreadableEvent | None]]:
    """Yield every case with its replayed history."""
    rows = models.Case.objects.prefetch_related("tasks", "words").order_by("pk").iterator(chunk_size=CHUNK)
    while chunk := list(islice(rows, CHUNK)):
        replayed = _replayed([row.pk for row in chunk])
        yield from ((row, replayed.get(history.stream(row.pk))) for row in chunk)


def _replayed(case_ids: list[int]) -> Mapping[str, ReplayedCase | UnreadableEvent | None]:
    """Return the replayed histories of cases by stream."""
    streams = [history.stream(case_id) for case_id in case_ids]
    found = Event.objects.filter(stream__in=streams).order_by("stream", "seq")
    replayed: dict[str, ReplayedCase | UnreadableEvent | None] = {}
    for stream, group in groupby(found, key=lambda event: event.stream):
        try:
            replayed[stream] = replay(list(group))
        except UnreadableEvent as error:
            replayed[stream] = error
    return replayed


def _row_findings(row: models.Case, replayed: ReplayedCase) -> Iterator[Finding]:
    if not _agrees(row, replayed):
        yield Finding(history.stream(row.pk), f"its row is not what its history says; {REPAIRABLE}")
    for name, body in _shown(row).items():
        if getattr(row, name) != body:
            yield Finding(history.stream(row.pk), f"the {name} shown is not the one that was reported; {REPAIRABLE}")


def _agrees(row: models.Case, replayed: ReplayedCase) -> bool:
    """Return whether the rows of the case and of its tasks are what the history gives."""
    rows = sorted(row.tasks.all(), key=lambda task: task.no)
    try:
        tasks = projection.state(row, rows).tasks
    except UNREADABLE:
        return False
    place = (replayed.columns["district"], replayed.columns["community"])
    columns = {name: getattr(row, name) for name in replayed.columns} | {"head": bytes(row.head)}
    return (
        tasks == replayed.case.tasks
        and columns == replayed.columns
        and all((task.district, task.community) == place for task in rows)
    )


def _shown(row: models.Case) -> dict[str, str | None]:
    """Return the reported words that lists show; None for one that was not given or was erased."""
    reported = {words.name: words.body for words in row.words.all() if words.seq == 1}
    return {name: reported.get(name) for name in projection.SHOWN}


def _words_findings(row: models.Case, replayed: ReplayedCase) -> Iterator[Finding]:
    missing = dict(replayed.commitments)
    for words in sorted(row.words.all(), key=lambda words: (words.seq, words.name)):
        fault = _words_fault(words, missing.pop((words.seq, words.name), None), replayed)
        if fault:
            yield Finding(f"{history.stream(row.pk)}#{words.seq} {words.name}", fault)
    for seq, name in sorted(missing):
        yield Finding(f"{history.stream(row.pk)}#{seq} {name}", "the words are missing")


def _words_fault(words: models.PersonalWords, digest: str | None, replayed: ReplayedCase) -> str | None:
    """Return what is wrong with personal words whose event contains that commitment."""
    was_erased = (words.seq, words.name) in replayed.erased
    is_empty = words.body is None and words.salt is None
    if digest is None:
        return "no event has these words"
    if was_erased or words.erased_at is not None:
        agrees = was_erased and words.erased_at is not None and is_empty
        return None if agrees else "are not erased as the history says"
    if chain.commitment(bytes(words.salt or b""), (words.body or "").encode()) != digest:
        return "the words were altered"
    return None


def _missing() -> list[int]:
    """Return the ids of the cases that have a readable history but no row."""
    ids = [int(stream[5:]) for stream in _streams(_WITHOUT_CASE) if re.fullmatch(r"case/[1-9]\d{0,17}", stream)]
    return [case_id for case_id in ids if isinstance(_replayed([case_id])[history.stream(case_id)], ReplayedCase)]


def _streams(statement: str) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return [row[0] for row in cursor.fetchall()]
