"""Checks that reports are what the history of their cases says. Nothing is repaired: it cannot be.

The receipt that a sender has follows from the report's row; the history keeps a digest of it.
"""

from collections.abc import Iterator

from django.db.models import Exists, OuterRef

from cityloop.casework.history.events import stream
from cityloop.casework.models import Case
from cityloop.intake.actions import receipt_digest
from cityloop.intake.models import Report
from cityloop.runtime.verification import UNREADABLE, Finding

CHUNK = 500  # cases read at a time


def findings() -> Iterator[Finding]:
    """Yield every case whose report was altered, removed or added, and every report without a case."""
    rows = Case.objects.only("number", "facts", "opened_at").prefetch_related("reports").order_by("pk")
    for case in rows.iterator(chunk_size=CHUNK):
        expected, reports = _expected(case), list(case.reports.all())
        if expected and not reports:
            yield Finding(stream(case.pk), "its report is missing; that cannot be repaired")
        elif any(_row_facts(report) != expected for report in reports):
            yield Finding(stream(case.pk), "its report is not the one that was handed in; that cannot be repaired")
    lost = Report.objects.filter(~Exists(Case.objects.filter(pk=OuterRef("case_id"))))
    for report in lost.iterator(chunk_size=CHUNK):
        yield Finding(f"report {report.number}", "has no case")


def _expected(case: Case) -> tuple[object, ...] | None:
    """Return what the row of a case's report must contain; None where the case had no report."""
    try:
        kept = tuple(case.facts[name] for name in ("channel", "external_id", "receipt"))
    except UNREADABLE:
        return None
    return (*kept, case.number, case.opened_at)


def _row_facts(report: Report) -> tuple[object, ...]:
    receipt = receipt_digest(report.digest, report.tracking_code)
    return report.channel, report.external_id, receipt, report.number, report.received_at
