"""What `cityloop import standards` does: reads a city's own table, matches its classes, stores it, prints a report."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from django.conf import settings

from cityloop.channels.imports.standards import StandardsText, open_standards, read_standards, refused_rows
from cityloop.channels.tables.columns import ColumnMapping
from cityloop.channels.tables.rows import Refused, TableRow
from cityloop.core.errors import Fault, Invalid
from cityloop.entry.console.opening import BY, Tell
from cityloop.entry.imports.rows import RowTally, import_rows
from cityloop.registry.catalogue import actions as catalogue_actions
from cityloop.registry.catalogue import queries as catalogue_queries
from cityloop.registry.catalogue.comparison import compare, comparison_lines
from cityloop.registry.catalogue.matching import Lists, Matching
from cityloop.registry.catalogue.report import Findings, Stated, check, report_lines
from cityloop.registry.city.current import current_city
from cityloop.registry.packs.reading import read_all


@dataclass(frozen=True, slots=True)
class Against:
    """Another table to compare with the imported one, and its mapping."""

    path: Path
    mapping_path: Path


def import_standards(
    path: Path,
    mapping_path: Path,
    tell: Tell,
    *,
    against: Against | None = None,
    rejects: Path | None = None,
    dry_run: bool = False,
) -> str:
    """Store the filing conditions of a table and the classes they need; return the report and a summary."""
    lists = catalogue_queries.entered_lists(read_all(settings.CITYLOOP.packs))
    sheet, mapping = open_standards(path, mapping_path, lists)
    other = read_whole(against.path, against.mapping_path, lists) if against else None
    lines: list[str] = []

    def take(rows: list[TableRow], now: datetime) -> tuple[RowTally, list[Refused]]:
        stated, refused = _read_stated(rows, mapping, path, lists)
        findings = _check(stated, mapping.text, lists, complete=not refused)
        lines.extend(report_lines(stated, findings, (unit.name for unit in current_city().units.values())))
        if other is not None:
            lines.extend(comparison_lines(compare(stated, other)))
        refused += refused_rows(rows, mapping, findings.refused)
        tally = _store(findings, mapping.text, path, now, len(refused))
        return tally, sorted(refused, key=lambda refusal: refusal.row.number)

    summary = import_rows(path, sheet, take, tell, rejects=rejects, size=None, dry_run=dry_run)
    return "\n".join([*lines, summary])


def read_whole(path: Path, mapping_path: Path, lists: Lists) -> list[Stated]:
    """Return the rows of another table; raise Invalid unless all of them can be read."""
    sheet, mapping = open_standards(path, mapping_path, lists)
    stated, refused = _read_stated(list(sheet.rows), mapping, path, lists)
    if refused:
        faults = [(row.row.line, fault) for row in refused for fault in row.faults]
        raise Invalid([replace(fault, field=f"{path.name}:{line} {fault.field}") for line, fault in faults])
    return stated


def _read_stated(
    rows: Iterable[TableRow], mapping: ColumnMapping[StandardsText], path: Path, lists: Lists
) -> tuple[list[Stated], list[Refused]]:
    text = mapping.text
    file = f"{path.name} {text.sheet}" if text.sheet else path.name
    stated, refused = read_standards(rows, mapping, file, lists.digits(text.catalogue))
    if better := lists.likelier(text.catalogue, {(row.kind, row.code, row.name) for row in stated}):
        other, fits_other, fits = better
        values = {"fits_other": f"{fits_other:,}", "other": other, "fits": f"{fits:,}", "catalogue": text.catalogue}
        raise Invalid([Fault("catalogue", "catalogue-fits-another", values)])
    return stated, refused


def _check(stated: list[Stated], text: StandardsText, lists: Lists, *, complete: bool) -> Findings:
    """Return the findings; conditions are only removed if every row of the table could be read."""
    matching = Matching(lists, text.catalogue, text.target, text.classes)
    present = catalogue_queries.entered_conditions(text.target)
    return check(stated, matching, present, text.profile, text.replaces if complete else ())


def _store(findings: Findings, text: StandardsText, path: Path, now: datetime, rejected: int) -> RowTally:
    """Store the conditions; several rows for the grades of one condition are stored once, and counted each."""
    conditions = {(condition.key, condition.number): condition for condition in findings.conditions.values()}
    source = f"{path.name} {text.sheet}" if text.sheet else path.name
    needed = {condition.key for condition in conditions.values()}
    classes = [new for new in findings.classes if new.key in needed or new.key._replace(kind="matter") in needed]
    outcome = catalogue_actions.set_conditions(
        list(conditions.values()), BY, now, source=source, classes=classes, removed=findings.removed
    )
    created = outcome.created - len(classes)
    return RowTally(created, outcome.changed, len(findings.conditions) - created - outcome.changed, rejected)
