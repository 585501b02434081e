"""What `cityloop import reports` and `cityloop import days` do: hand in reports in batches, declare days off."""

from datetime import datetime, tzinfo
from pathlib import Path

from django.db import transaction

from cityloop.channels.imports import reports as importing
from cityloop.channels.imports.days import NamedDays, read_days
from cityloop.channels.imports.keys import KeySurvey, survey_keys
from cityloop.channels.imports.reports import ReportTally
from cityloop.channels.tables.columns import wanted
from cityloop.channels.tables.mapping import ReportMapping, ReportsText
from cityloop.channels.tables.rejects.files import Rejects
from cityloop.channels.tables.rows import Refused, Sheet, TableRow
from cityloop.channels.tables.sheets import open_sheet
from cityloop.core.actors import Actor
from cityloop.core.errors import NotPossible
from cityloop.entry.console.opening import BY, PARTNERS, Tell
from cityloop.entry.imports.rows import rejects_path, summary, work_through
from cityloop.intake.actions import Key
from cityloop.registry.calendar import actions as calendar_actions
from cityloop.registry.city.current import current_city
from cityloop.registry.models import Account, Unit
from cityloop.registry.organisation import actions as organisation
from cityloop.registry.organisation.actors import actor_of
from cityloop.registry.people import accounts
from cityloop.runtime import clock


def import_reports(path: Path, mapping_path: Path, rejects: Path | None, size: int, zone: tzinfo, tell: Tell) -> str:
    """Hand in every row of a table, `size` in one transaction; return a summary."""
    sheet, mapping = _open_with_mapping(path, mapping_path)
    rejected = rejects_path(path, rejects, sheet)
    keys = _keys(path, mapping_path)
    actor = _importer(mapping.channel)

    def take(rows: list[TableRow], now: datetime) -> tuple[ReportTally, list[Refused]]:
        return importing.hand_in(rows, mapping, actor, zone, now)

    with Rejects(rejected, sheet) as refused:
        tally = work_through(sheet, take, refused, size, tell, ReportTally())
    parts = f"created {tally.created:,}, already known {tally.known:,}, conflicts {tally.conflicts:,}"
    return _summary(tally, keys, parts, refused, sheet)


def try_reports(path: Path, mapping_path: Path, rejects: Path | None, size: int, zone: tzinfo, tell: Tell) -> str:
    """Read, check and place every row without handing any in; return the summary."""
    sheet, mapping = _open_with_mapping(path, mapping_path)
    rejected = rejects_path(path, rejects, sheet)
    keys = _keys(path, mapping_path)
    earlier: dict[Key, str] = {}

    def take(rows: list[TableRow], now: datetime) -> tuple[ReportTally, list[Refused]]:
        return importing.try_out(rows, mapping, zone, now, earlier, lambda external: hash(external) in keys.repeated)

    with Rejects(rejected, sheet) as refused:
        tally = work_through(sheet, take, refused, size, tell, ReportTally())
    if warning := importing.suspicion(tally):
        tell(warning)
    parts = f"fit to hand in {tally.created:,}, already known {tally.known:,}, conflicts {tally.conflicts:,}"
    return f"Dry run, nothing was handed in. {_summary(tally, keys, parts, refused, sheet)}"


@transaction.atomic
def import_days(path: Path) -> str:
    """Declare the days of a table as the city's own, or withdraw them; return a summary."""
    days, now = read_days(path), clock.now()
    changes = (
        calendar_actions.declare_days(days.declared, BY, now),
        calendar_actions.withdraw_days(sorted(days.withdrawn), BY, now),
    )
    if any(changes):
        return f"{_days_summary(days)} A new calendar is in force; the due moments of open cases are calculated again."
    return f"{_days_summary(days)} The calendar did not change."


def try_days(path: Path) -> str:
    """Read and check the days of a table without declaring any; return the summary."""
    return f"Dry run, nothing was declared. {_days_summary(read_days(path))}"


def _open_with_mapping(path: Path, mapping_path: Path) -> tuple[Sheet, ReportMapping]:
    sheet, city = open_sheet(path, wanted(mapping_path, ReportsText)), current_city()
    return sheet, ReportMapping.read(mapping_path, sheet, lambda code: code in city.categories)


def _keys(path: Path, mapping_path: Path) -> KeySurvey:
    """Return how the ids of a file repeat, read once more; raise NotPossible where their column is no key."""
    sheet, mapping = _open_with_mapping(path, mapping_path)
    keys = survey_keys(sheet.rows, mapping, "external_id")
    keys.check()
    return keys


def _summary(tally: ReportTally, keys: KeySurvey, parts: str, rejects: Rejects, sheet: Sheet) -> str:
    text = f"{tally.rows:,} rows: {parts}, rejected {tally.rejected:,}; placed in no district {tally.nowhere:,}."
    text += f"\nRows that are the same as one above: {keys.doubles:,}." if keys.doubles else ""
    return summary(text, rejects, sheet)


def _days_summary(days: NamedDays) -> str:
    off, on = days.count(is_workday=False), days.count(is_workday=True)
    return f"Days off {off:,}, working days {on:,}, withdrawn {len(days.withdrawn):,}."


@transaction.atomic
def _importer(channel: str) -> Actor:
    """Return the account that imports the reports of a channel; create it the first time."""
    username, now = f"import-{channel}", clock.now()
    account = Account.objects.filter(username=username).first()
    if account is None:
        if not Unit.objects.filter(code=PARTNERS).exists():
            organisation.enter_units({PARTNERS: "接入系统"}, BY, now, handles=False)
        account = accounts.create_account(username, username, None, BY, now, is_machine=True)
        accounts.appoint(username, accounts.PARTNER, PARTNERS, None, BY, now)
    if not account.is_active:
        raise NotPossible("account-closed", {"username": username})
    return actor_of(account)
