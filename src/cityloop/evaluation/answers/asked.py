"""Figures as screens get them: requested once, counted by a worker, kept for all who request the same.

A screen never counts: web processes do not load the engine. Answers may be deleted at any time.
"""

import hashlib
import json
from base64 import b64decode
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from procrastinate.contrib.django import app

from cityloop.core.errors import NotFound, NotPossible
from cityloop.evaluation.indicators.appraising import Appraisal, Asking, Behind
from cityloop.evaluation.indicators.books import book
from cityloop.evaluation.models import CountedAnswer, FactEdition
from cityloop.runtime.secrets import seals

KEPT = timedelta(days=2)  # an answer that nobody requested again
COUNT = "evaluation.count_answer"  # the job
QUEUE = "figures"  # of the jobs of this floor: no timer waits behind them
SHEET = "sheet of all in "  # instead of a count: the figures as a workbook, in a language
LATE = timedelta(minutes=2)  # after this a worker may have died, or the cause of a failure may be fixed
DAY = timedelta(days=1)  # an answer in use is marked as such once a day, not at every request
MOST = 40  # questions that may wait for an answer at the same time
SOONER = 10  # the priority of an export: counting waits for new facts, not the other way round
REMEMBERED = 20  # answers that are searched for an object


@dataclass(frozen=True, slots=True)
class Waiting:
    """Nothing was counted yet; `failure` has the reason where a worker tried (see failures.py)."""

    since: datetime
    failure: str = ""


def latest_edition() -> FactEdition | None:
    """Return the newest facts; None before the first export."""
    return FactEdition.objects.order_by("-as_of").first()


def edition(name: str) -> FactEdition:
    """Return the facts of that name, the newest where it is empty; NotFound where there are none."""
    found = FactEdition.objects.filter(name=name).first() if name else latest_edition()
    if found is None:
        raise NotFound("no-such-facts")
    return found


def figures(facts: FactEdition, pack: str, asking: Asking, now: datetime) -> Appraisal | Waiting:
    """Return the figures; where nobody requested them before, have them counted."""
    asking.read_periods(settings.CITYLOOP.zone)  # a bad period is refused here, not by the worker
    row = _row(facts, pack, asking, "", now)
    return Appraisal.read(row.answer) if row.answer is not None else Waiting(row.asked_at, row.failure)


def rows_behind(facts: FactEdition, pack: str, asking: Asking, count: str, now: datetime) -> Behind | Waiting:
    """Return the cases that a count of one indicator adds up in one period, or have them looked up."""
    asking.read_periods(settings.CITYLOOP.zone)
    row = _row(facts, pack, asking, count, now)
    if row.answer is None:
        return Waiting(row.asked_at, row.failure)
    return Behind(
        tuple((number, amount) for number, amount in row.answer["rows"]), row.answer["total"], row.answer["untold"]
    )


def sheet(facts: FactEdition, pack: str, asking: Asking, language: str, now: datetime) -> bytes | Waiting:
    """Return the figures as a workbook, or have it written."""
    asking.read_periods(settings.CITYLOOP.zone)
    row = _row(facts, pack, asking, f"{SHEET}{language}", now)
    return b64decode(row.answer["xlsx"]) if row.answer is not None else Waiting(row.asked_at, row.failure)


def key_of(edition: str, pack: str, book: str, asked: object, count: str) -> str:
    """Return the key of a question: the digest of everything that its answer depends on."""
    content = json.dumps([edition, pack, book, asked, count], sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(content.encode()).hexdigest()


def answer_seal(row: CountedAnswer) -> str:
    """Return the seal of an answer and its question."""
    return seals.seal(["answer", row.key, row.answer])


def is_about(by: tuple[str, ...], key: tuple[str | None, ...]) -> bool:
    """Return whether one of the latest answers grouped by these columns has such an object."""
    latest = CountedAnswer.objects.filter(asked__by=list(by), count="", answer__isnull=False).order_by("-answered_at")
    within = CountedAnswer.objects.filter(key__in=list(latest.values_list("key", flat=True)[:REMEMBERED]))
    return within.filter(answer__figures__contains=[[list(key)]]).exists()


def forget_old(now: datetime) -> None:
    """Remove the answers that were requested long ago."""
    CountedAnswer.objects.filter(asked_at__lt=now - KEPT).delete()


def _row(facts: FactEdition, pack: str, asking: Asking, count: str, now: datetime) -> CountedAnswer:
    """Return the row of a question, queued now if it is new or if its worker seems to have died.

    NotPossible where the question is new and too many questions wait.
    """
    digest = book(pack).digest
    key = key_of(facts.digest, pack, digest, asking.plain, count)
    row = CountedAnswer.objects.filter(key=key).first()
    if row is None:
        if _is_too_much(now):
            raise NotPossible("too-much-asked")
        row = CountedAnswer(
            key=key, edition=facts, pack=pack, book=digest, asked=asking.plain, count=count, asked_at=now
        )
    elif row.answer is not None:
        return _in_use(row, now)
    elif (row.answered_at or row.asked_at) >= now - LATE or _is_too_much(now):
        return row
    return _queue(row, now)


def _is_too_much(now: datetime) -> bool:
    waiting = CountedAnswer.objects.filter(answer__isnull=True, failure="", asked_at__gt=now - LATE)
    return waiting.count() >= MOST


def _in_use(row: CountedAnswer, now: datetime) -> CountedAnswer:
    """Keep an answer from being deleted while people look at it."""
    if row.asked_at < now - DAY:
        CountedAnswer.objects.filter(key=row.key).update(asked_at=now)
    return row


def _queue(row: CountedAnswer, now: datetime) -> CountedAnswer:
    """Have a worker answer a question, for the first time or again."""
    requested = {"asked_at": now, "answered_at": None, "failure": ""}
    fixed = {"edition": row.edition, "pack": row.pack, "book": row.book, "asked": row.asked, "count": row.count}
    row, is_new = CountedAnswer.objects.get_or_create(key=row.key, defaults={**fixed, **requested})
    if not is_new and row.answer is None:
        CountedAnswer.objects.filter(key=row.key).update(**requested)
        row.asked_at, row.answered_at, row.failure = now, None, ""
    if row.answer is None:
        app.configure_task(COUNT, queue=QUEUE, lock=row.key).defer(key=row.key)  # by name: a screen loads no engine
    return row
