"""Figures as screens get them: asked for once, counted by a worker, kept for all who ask the same.

A screen never counts: web processes do not load the engine. Answers may be thrown away at any time.
"""

import hashlib
import json
from base64 import b64decode
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from procrastinate.contrib.django import app

from cityloop.core.errors import NotFound
from cityloop.evaluation.appraising import Appraisal, Asking, Behind
from cityloop.evaluation.books import book
from cityloop.evaluation.models import CountedAnswer, FactEdition

KEPT = timedelta(days=2)  # an answer that nobody asked for anew
COUNT = "evaluation.count_answer"  # the job
QUEUE = "figures"  # of the jobs of this floor: no timer waits behind them
SHEET = "sheet of all in "  # in place of a count: the figures as a workbook, in a language
LATE = timedelta(minutes=2)  # a worker that has not answered by then may have died


@dataclass(frozen=True, slots=True)
class Waiting:
    """Nothing was counted yet; `failure` says why not, where a worker tried."""

    since: datetime
    failure: str = ""


def latest_edition() -> FactEdition | None:
    """Return the newest facts; None before the first export."""
    return FactEdition.objects.order_by("-as_of").first()


def edition(name: str) -> FactEdition:
    """Return the facts of that name, the newest where it is empty; NotFound where there are none."""
    found = FactEdition.objects.filter(name=name).first() if name else latest_edition()
    if found is None:
        raise NotFound("no-such-facts", "There are no facts of that moment.")
    return found


def figures(facts: FactEdition, pack: str, asking: Asking, now: datetime) -> Appraisal | Waiting:
    """Return what was counted or, where nobody asked before, have it counted."""
    asking.read_periods(settings.CITYLOOP.zone)  # what cannot be counted is refused here, not by the worker
    row = _asked(facts, pack, asking, "", now)
    return Appraisal.read(row.answer) if row.answer is not None else Waiting(row.asked_at, row.failure)


def rows_behind(facts: FactEdition, pack: str, asking: Asking, count: str, now: datetime) -> Behind | Waiting:
    """Return the very cases that a count of one indicator adds up in one period, or have them sought."""
    asking.read_periods(settings.CITYLOOP.zone)
    row = _asked(facts, pack, asking, count, now)
    if row.answer is None:
        return Waiting(row.asked_at, row.failure)
    return Behind(
        tuple((number, amount) for number, amount in row.answer["rows"]), row.answer["total"], row.answer["untold"]
    )


def sheet(facts: FactEdition, pack: str, asking: Asking, language: str, now: datetime) -> bytes | Waiting:
    """Return the figures as a workbook, or have it written."""
    asking.read_periods(settings.CITYLOOP.zone)
    row = _asked(facts, pack, asking, f"{SHEET}{language}", now)
    return b64decode(row.answer["xlsx"]) if row.answer is not None else Waiting(row.asked_at, row.failure)


def forget_old(now: datetime) -> None:
    """Remove the answers that were asked for long ago."""
    CountedAnswer.objects.filter(asked_at__lt=now - KEPT).delete()


def _asked(facts: FactEdition, pack: str, asking: Asking, count: str, now: datetime) -> CountedAnswer:
    """Return the row of a question, asked now if it was not before or if its worker seems to have died."""
    digest = book(pack).digest
    words = json.dumps([facts.digest, pack, digest, asking.words, count], sort_keys=True, ensure_ascii=False)
    key = hashlib.sha256(words.encode()).hexdigest()
    row, is_new = CountedAnswer.objects.get_or_create(
        key=key,
        defaults={
            "edition": facts,
            "pack": pack,
            "book": digest,
            "asked": asking.words,
            "count": count,
            "asked_at": now,
        },
    )
    if row.answer is None and not row.failure and (is_new or row.asked_at < now - LATE):
        CountedAnswer.objects.filter(key=key).update(asked_at=now)
        app.configure_task(COUNT, queue=QUEUE, lock=key).defer(key=key)  # by name: a screen loads no engine
    return row
