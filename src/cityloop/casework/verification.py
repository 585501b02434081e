"""The proof that cases and tasks are what their history says, and that words are what was said; and how rows are
written anew from it. That the history itself is as it was written is proved below, in the runtime.
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
MENDS = "`cityloop verify --rebuild` mends it"

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

Key = tuple[int, str]  # of personal words: the event they belong to, their name


class UnreadableEvent(Exception):
    """An event of a case says what no event of ours does; where it stands is the argument."""


@dataclass(slots=True)
class ReplayedCase:
    """What a history adds up to: the state, the columns of the row, the commitments of words, those erased."""

    case: CaseState
    columns: dict[str, Any]
    promised: dict[Key, str]
    erased: set[Key]


def findings() -> Iterator[Finding]:
    """Yield every case that is not what replaying its history gives, and every word that was altered or removed."""
    for stream in _streams(_WITHOUT_HISTORY):
        yield Finding(stream, "has no history")
    for stream in _streams(_WITHOUT_CASE):
        yield Finding(stream, f"has a history but no case; {MENDS}, but for personal words")
    for row, told in _cases():
        if isinstance(told, UnreadableEvent):
            yield Finding(str(told), "cannot be read")
        elif told:
            yield from _of_rows(row, told)
            yield from _of_words(row, told)


def rebuild_all() -> int:
    """Write anew the rows of every case that is missing or not what its history says; return how many."""
    with snapshot():
        wrong = [row.pk for row, told in _cases() if isinstance(told, ReplayedCase) and any(_of_rows(row, told))]
        wrong += _missing()
    with transaction.atomic():
        # Numbers that were changed about must not stand in each other's way.
        aside = Concat(Value("?"), "pk", output_field=TextField())
        models.Case.objects.filter(pk__in=wrong).update(number=aside)
        for case_id in wrong:
            rebuild(case_id)
    return len(wrong)


@transaction.atomic
def rebuild(case_id: int) -> None:
    """Write the rows of a case and its tasks anew from the history; nobody acts on the case meanwhile."""
    events.locked(history.stream(case_id))  # where the row is missing there is nothing else to lock
    row = models.Case.objects.select_for_update().filter(pk=case_id).first() or models.Case(pk=case_id)
    told = tell(list(Event.objects.filter(stream=history.stream(case_id)).order_by("seq")))
    if told is None:
        return
    for name, value in told.columns.items():
        setattr(row, name, value)
    for name, body in _shown(row).items():
        setattr(row, name, body)
    row.save()
    row.tasks.all().delete()
    projection.insert_tasks((case_id, told.case, task) for task in told.case.tasks)


def tell(history_of_case: list[Event]) -> ReplayedCase | None:
    """Return what the events of a case add up to, None without any; raises Unreadable."""
    told = None
    for event in history_of_case:
        try:
            told = _after(told, event)
        except UNREADABLE as error:
            raise UnreadableEvent(f"{event.stream}#{event.seq}") from error
    return told


def _after(told: ReplayedCase | None, event: Event) -> ReplayedCase:
    said = event.payload
    case = after(told.case if told else None, history.move(event.name, said), event.actor, event.at)
    opened_at = told.columns["opened_at"] if told else event.at
    columns = {**projection.origin(case, opened_at), **projection.columns(case), "head": bytes(event.hash)}
    promised = {(event.seq, name): digest for name, digest in said["words"].items()}
    erased = {_key(key) for key in said["answers"]} if event.name == "WordsErased" else set()
    if told:
        erased = told.erased | (erased & told.promised.keys())
        promised = told.promised | promised
    return ReplayedCase(case, columns, promised, erased)


def _key(words: str) -> Key:
    seq, _, name = words.partition(".")
    return int(seq), name


def _cases() -> Iterator[tuple[models.Case, ReplayedCase | UnreadableEvent | None]]:
    """Yield every case with what its history adds up to."""
    rows = models.Case.objects.prefetch_related("tasks", "words").order_by("pk").iterator(chunk_size=CHUNK)
    while chunk := list(islice(rows, CHUNK)):
        told = _told([row.pk for row in chunk])
        yield from ((row, told.get(history.stream(row.pk))) for row in chunk)


def _told(case_ids: list[int]) -> Mapping[str, ReplayedCase | UnreadableEvent | None]:
    streams = [history.stream(case_id) for case_id in case_ids]
    found = Event.objects.filter(stream__in=streams).order_by("stream", "seq")
    told: dict[str, ReplayedCase | UnreadableEvent | None] = {}
    for stream, group in groupby(found, key=lambda event: event.stream):
        try:
            told[stream] = tell(list(group))
        except UnreadableEvent as error:
            told[stream] = error
    return told


def _of_rows(row: models.Case, told: ReplayedCase) -> Iterator[Finding]:
    if not _agrees(row, told):
        yield Finding(history.stream(row.pk), f"its row is not what its history says; {MENDS}")
    for name, body in _shown(row).items():
        if getattr(row, name) != body:
            yield Finding(history.stream(row.pk), f"the {name} shown is not the one that was reported; {MENDS}")


def _agrees(row: models.Case, told: ReplayedCase) -> bool:
    """Return whether the rows of the case and of its tasks are what the history gives."""
    tasks = sorted(row.tasks.all(), key=lambda task: task.no)
    try:
        kept = projection.state(row, tasks).tasks
    except UNREADABLE:
        return False
    place = (told.columns["district"], told.columns["community"])
    columns = {name: getattr(row, name) for name in told.columns} | {"head": bytes(row.head)}
    return kept == told.case.tasks and columns == told.columns and all(_place(task) == place for task in tasks)


def _place(task: models.Task) -> tuple[str | None, str | None]:
    return task.district, task.community


def _shown(row: models.Case) -> dict[str, str | None]:
    """Return the reported words that lists show, None for one that was not said or was erased."""
    said = {words.name: words.body for words in row.words.all() if words.seq == 1}
    return {name: said.get(name) for name in projection.SHOWN}


def _of_words(row: models.Case, told: ReplayedCase) -> Iterator[Finding]:
    missing = dict(told.promised)
    for words in sorted(row.words.all(), key=lambda words: (words.seq, words.name)):
        what = _wrong_with(words, missing.pop((words.seq, words.name), None), told)
        if what:
            yield Finding(f"{history.stream(row.pk)}#{words.seq} {words.name}", what)
    for seq, name in sorted(missing):
        yield Finding(f"{history.stream(row.pk)}#{seq} {name}", "the words are missing")


def _wrong_with(words: models.PersonalWords, digest: str | None, told: ReplayedCase) -> str | None:
    """Return what is wrong with personal words whose event holds that commitment."""
    was_erased = (words.seq, words.name) in told.erased
    is_gone = words.body is None and words.salt is None
    if digest is None:
        return "words that no event knows of"
    if was_erased or words.erased_at is not None:
        as_it_was = was_erased and words.erased_at is not None and is_gone
        return None if as_it_was else "are not erased as the history says"
    if chain.commitment(bytes(words.salt or b""), (words.body or "").encode()) != digest:
        return "the words were altered"
    return None


def _missing() -> list[int]:
    """Return the ids of the cases that have a history to write them from and no row."""
    ids = [int(stream[5:]) for stream in _streams(_WITHOUT_CASE) if re.fullmatch(r"case/[1-9]\d{0,17}", stream)]
    return [case_id for case_id in ids if isinstance(_told([case_id])[history.stream(case_id)], ReplayedCase)]


def _streams(statement: str) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return [row[0] for row in cursor.fetchall()]
