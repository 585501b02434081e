"""What `cityloop import` does: a file and its mapping opened, handed in piece by piece, and what came of it told."""

from collections.abc import Callable, Iterator
from datetime import datetime, tzinfo
from itertools import islice
from pathlib import Path

import shapely
from django.db import InterfaceError, OperationalError, transaction
from shapely.geometry.base import BaseGeometry

from cityloop.channels import importing
from cityloop.channels.days import NamedDays, read_days
from cityloop.channels.importing import Refused, Tally
from cityloop.channels.mapping import ReportMapping, wanted
from cityloop.channels.rejects import Rejects
from cityloop.channels.rows import Row, Sheet
from cityloop.channels.sheets import open_sheet
from cityloop.core.actors import Actor
from cityloop.core.errors import Fault, Invalid, NotPossible
from cityloop.entry.accounts import BY, PARTNERS
from cityloop.entry.opening import Tell
from cityloop.entry.showing import Progress, progress
from cityloop.registry import accounts, actions, boundaries
from cityloop.registry.city import city
from cityloop.registry.models import Account, Area, Unit
from cityloop.registry.queries import actor_of
from cityloop.runtime import clock

Taking = Callable[[list[Row], datetime], tuple[Tally, list[Refused]]]
TOLD = 20  # notices about areas told one by one


def import_reports(path: Path, mapping_path: Path, rejects: Path | None, size: int, zone: tzinfo, tell: Tell) -> str:
    """Hand every row of a table in, `size` in one transaction; return in words what came of it."""
    sheet, mapping = _fitted(path, mapping_path)
    rejects_path = _rejects_path(path, rejects, sheet)
    actor = _importer(mapping.channel)

    def take(rows: list[Row], now: datetime) -> tuple[Tally, list[Refused]]:
        return importing.hand_in(rows, mapping, actor, zone, now)

    with Rejects(rejects_path, sheet) as refused:
        tally = _work_through(sheet, take, refused, size, tell)
    parts = f"created {tally.created:,}, already known {tally.known:,}, conflicts {tally.conflicts:,}"
    return _summary(tally, parts, refused, sheet)


def try_reports(path: Path, mapping_path: Path, rejects: Path | None, size: int, zone: tzinfo, tell: Tell) -> str:
    """Read, check and place every row, hand none in; return in words what would come of it."""
    sheet, mapping = _fitted(path, mapping_path)

    def take(rows: list[Row], now: datetime) -> tuple[Tally, list[Refused]]:
        return importing.try_out(rows, mapping, zone, now)

    with Rejects(_rejects_path(path, rejects, sheet), sheet) as refused:
        tally = _work_through(sheet, take, refused, size, tell)
    return f"Dry run, nothing was handed in. {_summary(tally, f'fit to hand in {tally.created:,}', refused, sheet)}"


def import_areas(path: Path, mapping_path: Path, tell: Tell, *, strict: bool = False) -> str:
    """Enter the areas of a file, if strict only where nothing is in doubt; return in words what came of it."""
    found = boundaries.read_boundaries(path, mapping_path, _known_areas(), strict=strict)
    actions.set_areas(found.areas, BY, clock.now())
    return _areas_summary(found, tell)


def try_areas(path: Path, mapping_path: Path, tell: Tell, *, strict: bool = False) -> str:
    """Read, repair and check the areas of a file, enter none; return in words what would come of it."""
    found = boundaries.read_boundaries(path, mapping_path, _known_areas(), strict=strict)
    return f"Dry run, nothing was entered. {_areas_summary(found, tell)}"


@transaction.atomic
def import_days(path: Path) -> str:
    """Declare the days of a table as the city's own, or withdraw them; return in words what came of it."""
    days, now = read_days(path), clock.now()
    changes = (actions.declare_days(days.declared, BY, now), actions.withdraw_days(sorted(days.withdrawn), BY, now))
    came = "A new calendar is in force; open cases are reckoned again." if any(changes) else "The calendar stays."
    return f"{_days_summary(days)} {came}"


def try_days(path: Path) -> str:
    """Read and check the days of a table, declare none; return in words what would come of it."""
    return f"Dry run, nothing was declared. {_days_summary(read_days(path))}"


def _fitted(path: Path, mapping_path: Path) -> tuple[Sheet, ReportMapping]:
    sheet, town = open_sheet(path, wanted(mapping_path)), city()
    return sheet, ReportMapping.read(mapping_path, sheet, lambda code: code in town.categories)


def _work_through(sheet: Sheet, take: Taking, rejects: Rejects, size: int, tell: Tell) -> Tally:
    tally = Tally()
    with progress(sheet.length, tell) as show:
        for rows in _batches(sheet.rows, size):
            try:
                part, refused = take(rows, clock.now())
            except (OperationalError, InterfaceError) as lost:
                raise NotPossible("database-lost", _stopped_at(tally, lost)) from lost
            rejects.add(refused)
            tally += part
            _show(show, tally)
    if tally.rows and tally.rows == tally.rejected:
        raise NotPossible("nothing-read", f"None of the {tally.rows:,} rows could be read: see {rejects.path}.")
    return tally


def _batches(rows: Iterator[Row], size: int) -> Iterator[list[Row]]:
    while batch := list(islice(rows, size)):
        yield batch


def _stopped_at(tally: Tally, lost: Exception) -> str:
    sentence = f"The database stopped answering after row {tally.rows:,}: {str(lost).strip()}."
    return f"{sentence} What was handed in stays; give the same command again and it goes on."


def _show(show: Progress, tally: Tally) -> None:
    show(tally.rows, f"{tally.created:,} new, {tally.known:,} known, {tally.conflicts + tally.rejected:,} not taken")


def _summary(tally: Tally, parts: str, rejects: Rejects, sheet: Sheet) -> str:
    words = f"{tally.rows:,} rows: {parts}, rejected {tally.rejected:,}; placed in no district {tally.nowhere:,}."
    if sheet.totals:
        lines = ", ".join(map(str, sheet.totals[:TOLD])) + ", …" * (len(sheet.totals) > TOLD)
        words += f"\nTotals left out: {len(sheet.totals):,}, in line {lines}."
    if tally.conflicts + tally.rejected:
        words += f"\nRows not taken, with the reason for each: {rejects.path}"
    return words


def _known_areas() -> dict[str, BaseGeometry]:
    return {code: shapely.from_wkb(bytes(shape)) for code, shape in Area.objects.values_list("code", "shape")}


def _areas_summary(found: boundaries.Boundaries, tell: Tell) -> str:
    for told in (found.notices, found.doubts):
        for notice in told[:TOLD]:
            tell(f"{notice.field}: {notice.reason}")
        if len(told) > TOLD:
            tell(f"and {len(told) - TOLD:,} more like these")
    for words in found.summary:
        tell(f"{words}.")
    return f"Districts {found.count('district'):,}, communities {found.count('community'):,}."


def _days_summary(days: NamedDays) -> str:
    off, on = days.count(is_workday=False), days.count(is_workday=True)
    return f"Days off {off:,}, working days {on:,}, withdrawn {len(days.withdrawn):,}."


def _rejects_path(path: Path, given: Path | None, sheet: Sheet) -> Path:
    rejects = given or Path(f"{path.stem}.rejects.{'xlsx' if sheet.layout else 'csv'}")
    if rejects.resolve() == path.resolve():
        raise Invalid([Fault("--rejects", "names the file that is imported")])
    return rejects


@transaction.atomic
def _importer(channel: str) -> Actor:
    """Return the account that a channel is imported by; it is made the first time."""
    username, now = f"import-{channel}", clock.now()
    account = Account.objects.filter(username=username).first()
    if account is None:
        if not Unit.objects.filter(code=PARTNERS).exists():
            actions.set_units({PARTNERS: "接入系统"}, BY, now, handles=False)
        account = accounts.create_account(username, username, None, BY, now, is_machine=True)
        accounts.appoint(username, accounts.PARTNER, PARTNERS, None, BY, now)
    if not account.is_active:
        raise NotPossible("account-closed", f"The account {username} has been closed.")
    return actor_of(account)
