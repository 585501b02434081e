"""Rows of a table handed in as reports, a batch at a time, each batch one transaction.

Every row goes through the door that every report goes through, so that doing it again changes nothing.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, tzinfo
from typing import Self

import numpy as np

from cityloop.channels.mapping import ReportMapping
from cityloop.channels.rows import Row
from cityloop.core.actors import Actor
from cityloop.core.errors import Conflict, Fault, Invalid
from cityloop.intake import reports
from cityloop.intake.actions import receive_many
from cityloop.registry.city import city


@dataclass(frozen=True, slots=True)
class Tally:
    """What became of rows: each is created, known, in conflict or rejected; nowhere are those in no district."""

    created: int = 0
    known: int = 0
    conflicts: int = 0
    rejected: int = 0
    nowhere: int = 0  # of those created or known

    @property
    def rows(self) -> int:
        return self.created + self.known + self.conflicts + self.rejected

    def __add__(self, other: Self) -> "Tally":
        return Tally(*(getattr(self, part.name) + getattr(other, part.name) for part in fields(self)))


@dataclass(frozen=True, slots=True)
class Refused:
    """A row that was not taken, and why."""

    row: Row
    faults: tuple[Fault, ...]


def hand_in(
    rows: Iterable[Row], mapping: ReportMapping, actor: Actor, zone: tzinfo, now: datetime
) -> tuple[Tally, list[Refused]]:
    """Hand rows in, in one transaction; return what became of them and every row that was not taken."""
    read, refused = _read(rows, mapping, zone, now)
    rejected = len(refused)
    outcomes = receive_many([report for _, report in read], actor, now) if read else []
    taken = []
    for (row, report), outcome in zip(read, outcomes, strict=True):
        if isinstance(outcome, Conflict):
            refused.append(Refused(row, (Fault(mapping.name("external_id"), outcome.sentence),)))
        else:
            taken.append((report, outcome.created))
    created = sum(is_new for _, is_new in taken)
    nowhere = _nowhere([report for report, _ in taken])
    refused.sort(key=lambda one: one.row.number)
    return Tally(created, len(taken) - created, len(read) - len(taken), rejected, nowhere), refused


def try_out(rows: Iterable[Row], mapping: ReportMapping, zone: tzinfo, now: datetime) -> tuple[Tally, list[Refused]]:
    """Return what handing rows in would come to if none were known yet; nothing is written."""
    read, refused = _read(rows, mapping, zone, now)
    nowhere = _nowhere([report for _, report in read])
    return Tally(created=len(read), rejected=len(refused), nowhere=nowhere), refused


def _read(
    rows: Iterable[Row], mapping: ReportMapping, zone: tzinfo, now: datetime
) -> tuple[list[tuple[Row, reports.Report]], list[Refused]]:
    read, refused = [], []
    for row in rows:
        try:
            read.append((row, reports.read(mapping.content(row), zone, now)))
        except Invalid as wrong:
            faults = (Fault(mapping.name(fault.field), fault.reason) for fault in wrong.faults)
            refused.append(Refused(row, tuple(faults)))
    return read, refused


def _nowhere(taken: Sequence[reports.Report]) -> int:
    """Return how many reports lie in no district: without a point, or with one outside the city."""
    points = [report.point for report in taken if report.point]
    lons = np.array([float(point.lon) for point in points])
    lats = np.array([float(point.lat) for point in points])
    town = city()
    placed = sum("district" in town.lineage(code) for code in town.index.locate_many(lons, lats))
    return len(taken) - placed
