"""Reads reports: finds cases by the ids that their senders have, and whether any came by a channel."""

from dataclasses import replace

from django.db.models import Q

from cityloop.casework import queries
from cityloop.casework.pages.answers import CaseFilters, CaseList
from cityloop.core.actors import Actor
from cityloop.intake.models import Report


def cases(actor: Actor, filters: CaseFilters, after: str | None) -> CaseList:
    """Return the cases that a person may see; words find them by number, tracking code or the sender's own id."""
    return queries.cases(actor, replace(filters, ids=_found(filters.words)), after)


def has_come_by(channel: str) -> bool:
    """Return whether any report came by a channel."""
    return Report.objects.filter(channel=channel).exists()


def _found(words: str | None) -> frozenset[int]:
    wanted = (words or "").strip()
    if not wanted:
        return frozenset()
    code = wanted.upper().replace("-", "").replace(" ", "")
    rows = Report.objects.filter(Q(tracking_code=code) | Q(external_id=wanted))
    return frozenset(rows.values_list("case_id", flat=True)[:200])
