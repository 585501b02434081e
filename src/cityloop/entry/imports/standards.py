"""What `cityloop import standards` does: a city's own table read, matched, entered, and told what came of it."""

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
from cityloop.registry.catalogue.report import Findings, Stated, check, told
from cityloop.registry.city.current import current_city
from cityloop.registry.packs.reading import read_all


@dataclass(frozen=True, slots=True)
class Against:
    """Another table to lay beside the one that is imported, with its mapping."""

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
    """Enter the filing conditions of a table and the classes they need; return in words what came of it."""
    lists = catalogue_queries.entered_lists(read_all(settings.CITYLOOP.packs))
    sheet, mapping = open_standards(path, mapping_path, lists)
    other = read_whole(against.path, against.mapping_path, lists) if against else None
    lines: list[str] = []

    def take(rows: list[TableRow], now: datetime) -> tuple[RowTally, list[Refused]]:
        stated, refused = _read(rows, mapping, path, lists)
        found = _checked(stated, mapping.text, lists, complete=not refused)
        lines.extend(told(stated, found, (unit.name for unit in current_city().units.values())))
        if other is not None:
            lines.extend(comparison_lines(compare(stated, other)))
        refused += refused_rows(rows, mapping, found.wrong)
        return _entered(found, mapping.text, path, now, len(refused)), sorted(refused, key=lambda one: one.row.number)

    summary = import_rows(path, sheet, take, tell, rejects=rejects, size=None, dry_run=dry_run)
    return "\n".join([*lines, summary])


def read_whole(path: Path, mapping_path: Path, lists: Lists) -> list[Stated]:
    """Return the rows of another table; raise Invalid for one that cannot be read whole."""
    sheet, mapping = open_standards(path, mapping_path, lists)
    stated, refused = _read(list(sheet.rows), mapping, path, lists)
    if refused:
        faults = [(row.row.line, fault) for row in refused for fault in row.faults]
        raise Invalid([replace(fault, field=f"{path.name}:{line} {fault.field}") for line, fault in faults])
    return stated


def _read(
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


def _checked(stated: list[Stated], text: StandardsText, lists: Lists, *, complete: bool) -> Findings:
    """Return what the table comes to; nothing goes for it while a row of it could not be read."""
    matching = Matching(lists, text.catalogue, text.target, text.classes)
    present = catalogue_queries.entered_conditions(text.target)
    return check(stated, matching, present, text.profile, text.replaces if complete else ())


def _entered(found: Findings, text: StandardsText, path: Path, now: datetime, rejected: int) -> RowTally:
    """Enter what was found; rows of one condition for several grades count as one of its kind each."""
    wanted = {(one.key, one.number): one for one in found.conditions.values()}
    source = f"{path.name} {text.sheet}" if text.sheet else path.name
    needed = {one.key for one in wanted.values()}
    classes = [one for one in found.classes if one.key in needed or one.key._replace(kind="matter") in needed]
    new = list(wanted.values())
    came = catalogue_actions.set_conditions(new, BY, now, source=source, classes=classes, gone=found.gone)
    created = came.created - len(classes)
    return RowTally(created, came.changed, len(found.conditions) - created - came.changed, rejected)
