"""What the workers of evaluation write: an edition of the facts with its event, answers to what was asked of it."""

import json
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from tempfile import gettempdir

from django.conf import settings
from django.db import transaction

from cityloop.core.errors import Refusal
from cityloop.evaluation.answers.asked import SHEET
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
    """Return where the facts of this city lie."""
    return settings.CITYLOOP.home_folder / "facts"


def export_facts(
    now: datetime, tell: Callable[[str], None] = lambda words: None, actor: str = events.SYSTEM
) -> FactEdition:
    """Export the facts as they stand; the event holds the digest, so that what was counted cannot be denied later."""
    made = export(FactFolder(facts_folder()), now, tell, _known)
    with transaction.atomic():
        told = {"name": made.name, "digest": made.digest, "as_of": made.as_of.isoformat(), "rows": made.rows}
        events.record(STREAM, "FactsExported", actor, now, told)
        row, _ = FactEdition.objects.get_or_create(
            digest=made.digest, defaults={"name": made.name, "as_of": made.as_of, "zone": made.zone, "rows": made.rows}
        )
    return row


def prune(now: datetime) -> int:
    """Remove the editions that are not kept, their rows and answers with them; return how many went."""
    keep = kept(FactEdition.objects.values_list("as_of", flat=True), now, settings.CITYLOOP.zone)
    before = list(FactEdition.objects.values_list("digest", flat=True))
    gone = FactFolder(facts_folder()).prune(keep)
    FactEdition.objects.filter(digest__in=before).exclude(as_of__in=keep).delete()  # none that was made meanwhile
    return gone


def count_answer(key: str, now: datetime) -> None:
    """Count what was asked for under a key; what cannot be counted says why instead."""
    row = CountedAnswer.objects.filter(key=key, answer__isnull=True).select_related("edition").first()
    if row is None:
        return
    try:
        row.answer = _counted(row)
    except Refusal as error:
        row.failure = failure_text(error)
    row.answered_at = now
    row.save(update_fields=["answer", "failure", "answered_at"])


def _known() -> set[str]:
    """Return the digests of the editions that the log tells of; what else lies in the folder is nobody's."""
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
