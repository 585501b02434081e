"""The proof that cases and tasks are what their history says, and that words are what was said. Nothing is mended."""

from collections.abc import Iterator
from dataclasses import replace

from django.db import connection, transaction

from cityloop.casework import history, models, projection
from cityloop.core import chain, procedure
from cityloop.runtime.checkpoints import Finding
from cityloop.runtime.models import Event

_LOST = """
    SELECT 'case/' || found.id, 'has no history' FROM casework_case AS found
     WHERE NOT EXISTS (SELECT 1 FROM runtime_event AS event WHERE event.stream = 'case/' || found.id AND event.seq = 1)
    UNION ALL
    SELECT event.stream, 'has a history but no case' FROM runtime_event AS event
     WHERE event.stream LIKE 'case/%%' AND event.seq = 1
       AND NOT EXISTS (SELECT 1 FROM casework_case AS found WHERE 'case/' || found.id = event.stream)
"""


def findings() -> Iterator[Finding]:
    """Yield every case that is not what replaying its history gives, and every word that was altered or removed."""
    with connection.cursor() as cursor:
        cursor.execute(_LOST)
        yield from (Finding(*row) for row in cursor.fetchall())
    for row in models.Case.objects.prefetch_related("tasks", "words").order_by("pk").iterator(chunk_size=500):
        yield from _of_case(row)


def replay(events: list[Event]) -> procedure.Case | None:
    """Return the state that a history adds up to; None for no history."""
    case = None
    for event in events:
        case = procedure.after(case, history.move(event.name, event.payload), event.actor, event.at)
    return case


@transaction.atomic
def rebuild_all() -> int:
    """Write anew the rows of every case that is not what its history says; return how many."""
    cases = list(models.Case.objects.prefetch_related("tasks").iterator(chunk_size=500))
    wrong = [row.pk for row in cases if not _agrees(row, _events(row.pk))]
    for case_id in wrong:
        rebuild(case_id)
    return len(wrong)


def rebuild(case_id: int) -> None:
    """Write the rows of a case and its tasks anew from the history."""
    events = _events(case_id)
    case = replay(events)
    if case is None:
        return
    row = models.Case.objects.select_for_update().get(pk=case_id)
    for name, value in projection.columns(case).items():
        setattr(row, name, value)
    row.head = events[-1].hash
    row.address = row.words.filter(seq=1, name="address").values_list("body", flat=True).first()
    row.save()
    row.tasks.all().delete()
    projection.insert_tasks((case_id, case, task) for task in case.tasks)
    for task in case.tasks:
        done = {"done_at": task.done_at, "outcome": task.outcome, "passed_at": task.passed_at}
        row.tasks.filter(no=task.no).update(**done)


def _of_case(row: models.Case) -> Iterator[Finding]:
    events = _events(row.pk)
    if not _agrees(row, events):
        what = "its row is not what its history says; `cityloop verify --rebuild` mends it"
        yield Finding(history.stream(row.pk), what)
    yield from _of_words(row, events)


def _agrees(row: models.Case, events: list[Event]) -> bool:
    """Return whether the rows are what the history gives; a case without history is found elsewhere."""
    told = replay(events)
    if told is None:
        return True
    kept = projection.state(row, sorted(row.tasks.all(), key=lambda task: task.no))
    columns = {name: getattr(row, name) for name in projection.columns(told)}
    same = projection.columns(told) == columns and bytes(row.head) == bytes(events[-1].hash)
    return same and _plain(kept) == _plain(told)


def _of_words(row: models.Case, events: list[Event]) -> Iterator[Finding]:
    promised = {(event.seq, name): digest for event in events for name, digest in event.payload["words"].items()}
    for words in row.words.all():
        digest = promised.pop((words.seq, words.name), None)
        where = f"{history.stream(row.pk)}#{words.seq} {words.name}"
        if words.erased_at is not None:
            continue
        if digest is None:
            yield Finding(where, "words that no event knows of")
        elif chain.commitment(bytes(words.salt or b""), (words.body or "").encode()) != digest:
            yield Finding(where, "the words were altered")
    for (seq, name), _ in sorted(promised.items()):
        yield Finding(f"{history.stream(row.pk)}#{seq} {name}", "the words are missing")
    address = next((words.body for words in row.words.all() if (words.seq, words.name) == (1, "address")), None)
    if address != row.address:
        yield Finding(history.stream(row.pk), "the address shown is not the one that was reported")


def _plain(case: procedure.Case) -> procedure.Case:
    return replace(case, facts=dict(case.facts))


def _events(case_id: int) -> list[Event]:
    return list(Event.objects.filter(stream=history.stream(case_id)).order_by("seq"))
