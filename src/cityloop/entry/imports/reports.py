"""What `cityloop import reports` and `cityloop import days` do: hand in reports in batches, declare days off."""

from datetime import datetime, tzinfo
from decimal import Decimal
from pathlib import Path

from django.db import transaction

from cityloop.channels.imports import reports as importing
from cityloop.channels.imports.days import NamedDays, read_days
from cityloop.channels.imports.keys import KeySurvey, survey_keys
from cityloop.channels.imports.reports import ReportTally, See
from cityloop.channels.tables.columns import wanted
from cityloop.channels.tables.mapping import ReportMapping, ReportsText
from cityloop.channels.tables.rejects.files import Rejects
from cityloop.channels.tables.rows import Refused, Sheet, TableRow
from cityloop.channels.tables.sheets import open_sheet
from cityloop.core.actors import Actor
from cityloop.core.errors import NotPossible
from cityloop.core.gazetteer.hot_spots import PointGroups
from cityloop.entry.console.opening import BY, PARTNERS, Tell
from cityloop.entry.imports.hot_spots import hot_spots
from cityloop.entry.imports.rows import rejects_path, summary, work_through
from cityloop.intake.actions import Key
from cityloop.intake.placing import districts_named
from cityloop.intake.reports import Report
from cityloop.registry.calendar import actions as calendar_actions
from cityloop.registry.city.current import current_city
from cityloop.registry.models import Account, Unit
from cityloop.registry.organisation import actions as organisation
from cityloop.registry.organisation.actors import actor_of
from cityloop.registry.people import accounts
from cityloop.runtime import clock

MOST_POINTS = 50_000  # remembered at once to find those that many reports share


def import_reports(
    path: Path, mapping_path: Path, rejects: Path | None, size: int, zone: tzinfo, tell: Tell, *checks: See
) -> str:
    """Hand in every row of a table, `size` in one transaction; return a summary. `checks` may raise Invalid."""
    sheet, mapping = _open_with_mapping(path, mapping_path)
    rejected = rejects_path(path, rejects, sheet)
    keys = _keys(path, mapping_path)
    actor, groups = _importer(mapping.channel), PointGroups(MOST_POINTS)

    def take(rows: list[TableRow], now: datetime) -> tuple[ReportTally, list[Refused]]:
        return importing.hand_in(rows, mapping, actor, zone, now, *checks, _add_to(groups))

    with Rejects(rejected, sheet) as refused:
        tally = work_through(sheet, take, refused, size, tell, ReportTally())
    parts = f"created {tally.created:,}, already known {tally.known:,}, conflicts {tally.conflicts:,}"
    return _summary(tally, keys, parts, groups, refused, sheet)


def try_reports(
    path: Path, mapping_path: Path, rejects: Path | None, size: int, zone: tzinfo, tell: Tell, *checks: See
) -> str:
    """Read, check and place every row without handing any in; return the summary."""
    sheet, mapping = _open_with_mapping(path, mapping_path)
    rejected = rejects_path(path, rejects, sheet)
    keys, groups = _keys(path, mapping_path), PointGroups(MOST_POINTS)
    earlier: dict[Key, str] = {}

    def take(rows: list[TableRow], now: datetime) -> tuple[ReportTally, list[Refused]]:
        return importing.try_out(
            rows,
            mapping,
            zone,
            now,
            earlier,
            lambda external: hash(external) in keys.repeated,
            *checks,
            _add_to(groups),
        )

    with Rejects(rejected, sheet) as refused:
        tally = work_through(sheet, take, refused, size, tell, ReportTally())
    if warning := importing.suspicion(tally):
        tell(warning)
    parts = f"fit to hand in {tally.created:,}, already known {tally.known:,}, conflicts {tally.conflicts:,}"
    return f"Dry run, nothing was handed in. {_summary(tally, keys, parts, groups, refused, sheet)}"


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


def _add_to(groups: PointGroups) -> See:
    """Return what adds a report to the points of an import."""
    city = current_city()

    def add(report: Report) -> None:
        if report.point:
            named = ", ".join(city.areas[code].name for code in sorted(districts_named(report)))
            groups.add((Decimal(report.point.raw_lon), Decimal(report.point.raw_lat)), named or None, report.address)

    return add


def _summary(
    tally: ReportTally, keys: KeySurvey, parts: str, groups: PointGroups, rejects: Rejects, sheet: Sheet
) -> str:
    text = f"{tally.rows:,} rows: {parts}, rejected {tally.rejected:,}; placed in no district {tally.nowhere:,}."
    if keys.doubles:
        text += f"\nRows that are the same as one above: {keys.doubles:,}."
    if tally.contradictions:
        text += (
            f"\nWords that name another district than the point lies in: {tally.contradictions:,}. The point is kept."
        )
    if tally.doubtful:
        text += (
            f"\nPoints so near the edge of the mainland that their shift is doubtful: {tally.doubtful:,}. "
            "Compare them with places you know."
        )
    if tally.unknown_districts:
        text += f"\nDistricts that the city does not have: in {tally.unknown_districts:,} rows."
    return summary("\n".join((text, *hot_spots(groups.piles))), rejects, sheet)


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
