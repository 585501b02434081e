"""What the workers of evaluation write: editions of the facts with their events, and answers to questions."""

import json
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from tempfile import gettempdir

from django.conf import settings
from django.db import transaction

from cityloop.core.errors import Refusal
from cityloop.evaluation.answers.asked import SHEET, answer_seal
from cityloop.evaluation.answers.failures import failure_text
from cityloop.evaluation.exporting import export
from cityloop.evaluation.facts.files import FactFolder
from cityloop.evaluation.facts.retention import kept
from cityloop.evaluation.indicators import appraising, counting
from cityloop.evaluation.indicators.books import book
from cityloop.evaluation.models import CountedAnswer, FactEdition
from cityloop.evaluation.sheets.answered import sheet
from cityloop.runtime.log import events

STREAM = "facts"


def facts_folder() -> Path:
    """Return the folder of this city's facts."""
    return settings.CITYLOOP.home_folder / "facts"


def export_facts(
    now: datetime, tell: Callable[[str], None] = lambda words: None, actor: str = events.SYSTEM
) -> FactEdition:
    """Export the current facts; the event has the digest, so that nobody can later deny what was counted."""
    made = export(FactFolder(facts_folder()), now, tell, _known)
    with transaction.atomic():
        payload = {"name": made.name, "digest": made.digest, "as_of": made.as_of.isoformat(), "rows": made.rows}
        events.record(STREAM, "FactsExported", actor, now, payload)
        row, _ = FactEdition.objects.get_or_create(
            digest=made.digest, defaults={"name": made.name, "as_of": made.as_of, "zone": made.zone, "rows": made.rows}
        )
    return row


def prune(now: datetime) -> int:
    """Remove the editions that are not kept, with their rows and answers; return how many were removed."""
    keep = kept(FactEdition.objects.values_list("as_of", flat=True), now, settings.CITYLOOP.zone)
    before = list(FactEdition.objects.values_list("digest", flat=True))
    removed = FactFolder(facts_folder()).prune(keep)
    FactEdition.objects.filter(digest__in=before).exclude(as_of__in=keep).delete()  # not an edition made meanwhile
    return removed


def count_answer(key: str, now: datetime) -> None:
    """Count the answer of a key; where that is refused, keep the reason instead."""
    row = CountedAnswer.objects.filter(key=key, answer__isnull=True).select_related("edition").first()
    if row is None:
        return
    try:
        row.answer = json.loads(json.dumps(_counted(row)))  # as it will be read again
        row.seal = answer_seal(row)
    except Refusal as error:
        row.failure = failure_text(error)
    row.answered_at = now
    row.save(update_fields=["answer", "seal", "failure", "answered_at"])


def _known() -> set[str]:
    """Return the digests of the recorded editions; other editions in the folder are not used."""
    return set(FactEdition.objects.values_list("digest", flat=True))


def _counted(row: CountedAnswer) -> object:
    facts = FactFolder(facts_folder())
    edition = facts.edition(row.edition.digest)
    asking = appraising.Asking.read(row.asked)
    scratch = Path(gettempdir())
    if row.count.startswith(SHEET):
        counted = counting.appraised(facts, edition, row.pack, book(row.pack), asking, scratch)
        return sheet(counted, book(row.pack), row.count.removeprefix(SHEET))
    if row.count:
        return asdict(counting.behind(facts, edition, book(row.pack), asking, row.count, scratch))
    return json.loads(counting.appraised(facts, edition, row.pack, book(row.pack), asking, scratch).text)
