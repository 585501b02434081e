"""Hands in the rows of a table as reports, in batches of one transaction each.

Every row is received like every other report, so repeating an import changes nothing.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime, tzinfo
from typing import Self

import numpy as np

from cityloop.channels.tables.columns import Content, read_rows
from cityloop.channels.tables.mapping import ReportMapping
from cityloop.channels.tables.rows import Refused, TableRow
from cityloop.core.actors import Actor
from cityloop.core.errors import Conflict, Fault, Invalid
from cityloop.core.place.areas import Numbers
from cityloop.core.place.geo import SHIFTED
from cityloop.core.place.mainland import is_doubtful
from cityloop.core.place.where import SYSTEMS, better_reading, fit, fitting
from cityloop.intake import reports
from cityloop.intake.actions import Key, Receipt, foresee, receive_many
from cityloop.intake.placing import contradiction, district_given, districts_named
from cityloop.registry.city.current import current_city

See = Callable[[reports.Report], None]


@dataclass(frozen=True, slots=True)
class ReportTally:
    """What became of rows: each is created, known, in conflict or rejected; `nowhere` counts those in no district."""

    created: int = 0
    known: int = 0
    conflicts: int = 0
    rejected: int = 0
    nowhere: int = 0  # of those created or known
    contradictions: int = 0  # the same: whose words name another district than their point lies in
    doubtful: int = 0  # the same: shifted points so near the edge of the mainland that the shift is doubtful
    unknown_districts: int = 0  # the same: in whose field is no district of the city
    places: int = 0  # points of a dry run; how many fit city and district, and how many would in each system
    fits: int = 0
    as_wgs84: int = 0
    as_gcj02: int = 0
    as_bd09: int = 0

    @property
    def rows(self) -> int:
        """Return how many rows there were."""
        return self.created + self.known + self.conflicts + self.rejected

    @property
    def words(self) -> str:
        """What became of the rows so far, as text."""
        return f"{self.created:,} new, {self.known:,} known, {self.conflicts + self.rejected:,} not imported"

    def __add__(self, other: Self) -> "ReportTally":
        return ReportTally(*(getattr(self, part.name) + getattr(other, part.name) for part in fields(self)))


def hand_in(
    rows: Iterable[TableRow], mapping: ReportMapping, actor: Actor, zone: tzinfo, now: datetime, *seen: See
) -> tuple[ReportTally, list[Refused]]:
    """Hand in rows in one transaction; return what became of them and every row that was not imported.

    Each report that can be read is shown to `seen`, which may raise Invalid.
    """
    read, refused = _read_reports(rows, mapping, zone, now, seen)
    outcomes = receive_many([report for _, report in read], actor, now) if read else []
    return _tally(read, refused, outcomes, mapping)


def try_out(
    rows: Iterable[TableRow],
    mapping: ReportMapping,
    zone: tzinfo,
    now: datetime,
    earlier: dict[Key, str],
    keep: Callable[[str], bool],
    *seen: See,
) -> tuple[ReportTally, list[Refused]]:
    """Return what handing in rows would give, after those foreseen `earlier`; nothing is written."""
    read, refused = _read_reports(rows, mapping, zone, now, seen)
    found = [report for _, report in read]
    tally, refused = _tally(read, refused, foresee(found, earlier, keep), mapping)
    return replace(tally, **_readings(found)), refused


def _tally(
    read: Sequence[tuple[TableRow, reports.Report]],
    refused: list[Refused],
    outcomes: Sequence[Receipt | Conflict],
    mapping: ReportMapping,
) -> tuple[ReportTally, list[Refused]]:
    rejected = len(refused)
    accepted = []
    for (row, report), outcome in zip(read, outcomes, strict=True):
        if isinstance(outcome, Conflict):
            refused.append(mapping.refused(row, [Fault("external_id", "row-other-report")]))
        else:
            accepted.append((report, outcome.created))
    created = sum(is_new for _, is_new in accepted)
    places = _places([report for report, _ in accepted])
    refused.sort(key=lambda rejected_row: rejected_row.row.number)
    return ReportTally(created, len(accepted) - created, len(read) - len(accepted), rejected, **places), refused


def _readings(found: Sequence[reports.Report]) -> dict[str, int]:
    """Return how many points fit the areas and the districts in their addresses: as read, and in each system."""
    placed = [(report, report.point) for report in found if report.point]
    layout = current_city().layout()
    if not placed or not layout.areas:
        return {}
    named = [districts_named(report) for report, _ in placed]
    read = np.array([(float(point.lon), float(point.lat)) for _, point in placed]).T
    raw = np.array([(float(point.raw_lon), float(point.raw_lat)) for _, point in placed]).T
    by_system = fitting(layout, raw[0], raw[1], named)
    own = fit(layout, read[0], read[1], named)
    return {"places": len(placed), "fits": own, **{f"as_{crs.value}": number for crs, number in by_system.items()}}


def suspicion(tally: ReportTally) -> str:
    """Return a sentence that another coordinate system would fit the points better; empty where none would."""
    counts = {crs: getattr(tally, f"as_{crs.value}") for crs in SYSTEMS}
    better = better_reading(counts, tally.fits, tally.places)
    if better is None:
        return ""
    return (
        f"Of {tally.places:,} points {tally.fits:,} are in the city and in the district that they name; "
        f"read as {better.value} {counts[better]:,} would be: another coordinate system is likely."
    )


def _read_reports(
    rows: Iterable[TableRow], mapping: ReportMapping, zone: tzinfo, now: datetime, seen: Sequence[See]
) -> tuple[list[tuple[TableRow, reports.Report]], list[Refused]]:
    def read(content: Content) -> reports.Report:
        report = reports.read(content, zone, now)
        for see in seen:
            see(report)
        return report

    return read_rows(rows, mapping, read)


def check_agreement(report: reports.Report) -> None:
    """Raise Invalid for a report whose words name another district than its point lies in."""
    if report.point:
        lineage = current_city().layout().lineage_at(float(report.point.lon), float(report.point.lat))
        if named := contradiction(report, lineage):
            field = "district" if district_given(report) else "address"
            values = {"named": _area_name(named), "area": _area_name(lineage.get("district"))}
            raise Invalid([Fault(field, "words-against-point", values)])


def _area_name(code: str | None) -> str:
    return current_city().areas[code].name if code else "—"


def _places(found: Sequence[reports.Report]) -> dict[str, int]:
    """Return how many reports are in no district, contradict their points, or are said to be in an unknown district."""
    lons, lats = _coordinates(found)
    naming = [report for report in found if report.point and districts_named(report)]
    codes = current_city().layout().locate_many(*_coordinates(naming)).get("district", [None] * len(naming))
    return {
        "nowhere": len(found) - current_city().layout().inside(lons, lats),
        "contradictions": sum(
            bool(contradiction(report, {"district": code})) for report, code in zip(naming, codes, strict=True)
        ),
        "doubtful": sum(
            report.point.crs in SHIFTED and is_doubtful(float(report.point.lon), float(report.point.lat))
            for report in found
            if report.point
        ),
        "unknown_districts": sum(bool(report.district) and not district_given(report) for report in found),
    }


def _coordinates(found: Sequence[reports.Report]) -> tuple[Numbers, Numbers]:
    points = [report.point for report in found if report.point]
    return np.array([float(point.lon) for point in points]), np.array([float(point.lat) for point in points])
