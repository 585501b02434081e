"""What `cityloop import units`, `people`, `duties` and `rosters` do: store the tables of an organisation.

The columns are described in channels/imports/organisation.py; rows are checked in registry/organisation.
"""

import csv
import os
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from django.conf import settings
from django.urls import reverse

from cityloop.channels.imports import organisation as tables
from cityloop.channels.tables.columns import ColumnMapping, open_mapped, read_as, read_rows
from cityloop.channels.tables.rows import Refused, TableRow
from cityloop.core.errors import Fault, Invalid
from cityloop.core.invalid_values import InvalidValue
from cityloop.entry.console.opening import BY, Tell
from cityloop.entry.imports.rows import RowTally, import_rows
from cityloop.registry.city.current import current_city
from cityloop.registry.history.changes import ChangeOutcome
from cityloop.registry.history.tables import DUTIES, ROSTER, Values
from cityloop.registry.models import Account, Appointment
from cityloop.registry.names import CodeNames, area_names, class_names, role_names, unit_names
from cityloop.registry.organisation import actions as organisation
from cityloop.registry.people import accounts

SHOWN = 20  # notices printed one by one

Attributes = dict[str, Any]
Read = TypeVar("Read")
Lookup = Callable[[str], str]


def import_units(path: Path, mapping: Path | None, rejects: Path | None, tell: Tell, *, dry_run: bool) -> str:
    """Store the units of a file, all in one transaction; return a summary."""
    sheet, columns = open_mapped(path, mapping, tables.UnitsText, titles=tables.UNIT_TITLES)

    def take(rows: list[TableRow], now: datetime) -> tuple[RowTally, list[Refused]]:
        read, refused = read_rows(rows, columns, lambda content: read_as(tables.UnitRow, content).values())
        read, doubles, equal = _without_doubles(read, columns, "code", lambda values: values["code"], tell)
        valid, invalid = _split_units(read, columns)
        outcome = organisation.set_units(valid, BY, now, source=path.name)
        _show_notices(organisation.doubled_names(valid), tell)
        return _tally(outcome, refused + doubles + invalid, equal)

    return import_rows(path, sheet, take, tell, rejects=rejects, size=None, dry_run=dry_run)


def import_duties(path: Path, mapping: Path | None, rejects: Path | None, tell: Tell, *, dry_run: bool) -> str:
    """Store the duties of a file, all in one transaction; return a summary."""
    sheet, columns = open_mapped(path, mapping, tables.DutiesText, titles=tables.DUTY_TITLES)
    city, units = current_city(), unit_names()
    areas, classes = area_names(city), class_names(city)

    def duty(content: Attributes) -> Attributes:
        row = read_as(tables.ReadDuty, content)
        kind = tables.CLASS_KINDS.get(row.class_kind, row.class_kind)
        codes = _codes(
            {
                "category": (row.category, lambda name: classes.meant(name, kind)),
                "area": (row.area, areas.code),
                "unit": (row.unit, units.code),
            }
        )
        optional = {"is_listed": row.is_listed, "basis": row.basis}
        return {**codes, **{name: value for name, value in optional.items() if value is not None}}

    def take(rows: list[TableRow], now: datetime) -> tuple[RowTally, list[Refused]]:
        read, refused = read_rows(rows, columns, duty)
        read, doubles, equal = _without_doubles(read, columns, "category", DUTIES.named, tell)
        faults = organisation.duty_faults([values for _, values in read], city)
        valid, invalid = _split(read, columns, lambda values: faults.get(DUTIES.named(values), []))
        outcome = organisation.set_duties(valid, BY, now, city=city, source=path.name)
        return _tally(outcome, refused + doubles + invalid, equal)

    return import_rows(path, sheet, take, tell, rejects=rejects, size=None, dry_run=dry_run)


def import_rosters(path: Path, mapping: Path | None, rejects: Path | None, tell: Tell, *, dry_run: bool) -> str:
    """Store the shifts of a file, all in one transaction; return a summary."""
    sheet, columns = open_mapped(path, mapping, tables.RostersText, titles=tables.ROSTER_TITLES)
    units, roles, zone = unit_names(), role_names(current_city()), settings.CITYLOOP.zone
    find_person = _person_finder()

    def shift(content: Attributes) -> Attributes:
        row = read_as(tables.RosterRow, content)
        codes = _codes({"unit": (row.unit, units.code), "role": (row.role, roles.code)})
        person = _codes({"person": (row.person, lambda name: find_person(codes["unit"], name))})["person"]
        return organisation.shift(codes["unit"], codes["role"], person, *row.moments(zone), row.note)

    def take(rows: list[TableRow], now: datetime) -> tuple[RowTally, list[Refused]]:
        read, refused = read_rows(rows, columns, shift)
        read, doubles, equal = _without_doubles(read, columns, "person", ROSTER.named, tell)
        faults = organisation.shift_faults(values for _, values in read)
        valid, invalid = _split(read, columns, lambda values: faults.get(ROSTER.named(values), []))
        _show_notices(organisation.overlaps(valid), tell)
        outcome = organisation.set_shifts(valid, BY, now, source=path.name)
        return _tally(outcome, refused + doubles + invalid, equal)

    return import_rows(path, sheet, take, tell, rejects=rejects, size=None, dry_run=dry_run)


def import_people(
    path: Path, mapping: Path | None, rejects: Path | None, tell: Tell, *, dry_run: bool, secrets: Path | None = None
) -> str:
    """Store the people of a file and their posts, 500 rows in one transaction; return a summary.

    Nobody gets a password. With `secrets`, a link with which each new person can set one, once, is written to that
    file.
    """
    sheet, columns = open_mapped(path, mapping, tables.PeopleText, titles=tables.PEOPLE_TITLES)
    city, units = current_city(), unit_names()
    areas, roles = area_names(city), role_names(city)
    links: list[tuple[str, str, str]] = []
    if secrets and not dry_run:
        _check_new(secrets)

    def person(content: Attributes) -> tuple[tables.PersonRow, Attributes]:
        row = read_as(tables.PersonRow, content)
        _check_person(row)
        names = {"role": (row.role, roles.code), "unit": (row.unit, units.code), "area": (row.area or "", areas.code)}
        return row, _codes(names)

    def take(rows: list[TableRow], now: datetime) -> tuple[RowTally, list[Refused]]:
        read, refused = read_rows(rows, columns, person)
        created, tally = [], RowTally(rejected=len(refused))
        for source, (row, post) in read:
            try:
                part, is_new = _store_person(row, post, now)
            except Invalid as error:
                refused.append(columns.refused(source, error.faults))
                tally += RowTally(rejected=1)
                continue
            tally += part
            created += [row] if is_new else []
        if secrets and not dry_run:
            links.extend((row.username, row.name, sign_in_link(row.username, now)) for row in created)
        return tally, refused

    summary = import_rows(path, sheet, take, tell, rejects=rejects, size=500, dry_run=dry_run)
    if links and secrets:
        _write_links(secrets, links)
        summary += f"\nLinks for {len(links):,} people to set their password, once: {secrets}. Keep this file secret."
    return summary


def _store_person(row: tables.PersonRow, post: Attributes, now: datetime) -> tuple[RowTally, bool]:
    """Store one person with one post; return the tally of the row, and whether the account is new."""
    row = row.model_copy(update={"username": Account.normalize_username(row.username)})
    account = Account.objects.filter(username=row.username).first()
    if account is None:
        accounts.create_account(row.username, row.name, None, BY, now, phone=row.phone or "")
    elif account.is_machine:
        raise Invalid([Fault("username", "account-of-a-system", {"username": row.username})])
    elif not account.is_active:
        raise Invalid([Fault("username", "account-ended", {"username": row.username})])
    changed = account is not None and accounts.change_account(row.username, BY, now, name=row.name, phone=row.phone)
    posts = Appointment.objects.filter(account__username=row.username)
    before = posts.count()
    accounts.appoint(row.username, post["role"], post["unit"], post["area"] or None, BY, now)
    if account is None:
        return RowTally(created=1), True
    return (RowTally(changed=1) if changed or posts.count() > before else RowTally(unchanged=1)), False


def _check_person(row: tables.PersonRow) -> None:
    faults = []
    if not row.username.isprintable() or " " in row.username or len(row.username) > 100:
        faults.append(Fault("username", "not-a-username"))
    if not row.name.isprintable() or len(row.name) > 100:
        faults.append(Fault("name", "not-a-persons-name"))
    if row.phone and not set(row.phone) <= set("0123456789+-() "):
        faults.append(Fault("phone", "not-a-telephone-number"))
    if faults:
        raise Invalid(faults)


def _split_units(
    read: Sequence[tuple[TableRow, Attributes]], columns: ColumnMapping[Any]
) -> tuple[list[Attributes], list[Refused]]:
    """Return the valid units, their parents by code, and the refused rows with their faults."""
    names = unit_names((values["code"], (values["name"], *values.get("aliases", ()))) for _, values in read)
    refused: list[Refused] = []
    left: list[tuple[TableRow, Attributes]] = []
    for row, values in read:
        try:
            left.append((row, {**values, **_codes({"parent": (values.get("parent", ""), names.code)})}))
        except Invalid as error:
            refused.append(columns.refused(row, error.faults))
    left = [(row, values if values["parent"] else _without_parent(values)) for row, values in left]
    while True:  # a row that is refused may have been the parent of another
        faults = organisation.unit_faults([values for _, values in left])
        if not faults:
            return [values for _, values in left], refused
        refused += [columns.refused(row, faults[values["code"]]) for row, values in left if values["code"] in faults]
        left = [(row, values) for row, values in left if values["code"] not in faults]


def _without_parent(values: Attributes) -> Attributes:
    return {name: value for name, value in values.items() if name != "parent"}


def _codes(names: Mapping[str, tuple[str, Lookup]]) -> Attributes:
    """Return the code that the name in each field stands for; raise Invalid with all fields whose name has no code."""
    codes: Attributes = {}
    faults = []
    for field, (name, lookup) in names.items():
        try:
            codes[field] = lookup(name) if name else ""
        except InvalidValue as error:
            faults.append(error.fault(field))
        except ValueError as error:
            faults.append(Fault(field, str(error)))
    if faults:
        raise Invalid(faults)
    return codes


def _person_finder() -> Callable[[str, str], str]:
    """Return a function that finds a person by user name, or by name among those of a unit, else of the city."""
    everybody: dict[str, list[str]] = {}
    known: set[str] = set()
    for username, name in Account.objects.filter(is_active=True).values_list("username", "name"):
        known.add(username)
        everybody.setdefault(name, []).append(username)
    of_unit: dict[tuple[str, str], list[str]] = {}
    posts = Appointment.objects.filter(account__is_active=True).distinct()
    for unit, name, username in posts.values_list("unit__code", "account__name", "account__username").distinct():
        of_unit.setdefault((unit, name), []).append(username)

    def find(unit: str, name: str) -> str:
        candidates = of_unit.get((unit, name)) or everybody.get(name, [])
        return CodeNames("person", frozenset(known), {name: frozenset(candidates)}).code(name)

    return find


def _without_doubles(
    read: Sequence[tuple[TableRow, Read]],
    columns: ColumnMapping[Any],
    field: str,
    key: Callable[[Any], str],
    tell: Tell,
) -> tuple[list[tuple[TableRow, Read]], list[Refused], int]:
    """Return the first row with each key, and how many rows equal one of these; the others are refused."""
    first: dict[str, tuple[int, Read]] = {}
    left, refused = [], []
    for row, values in read:
        line = row.line or row.number
        before, known = first.setdefault(key(values), (line, values))
        if before == line:
            left.append((row, values))
        elif known != values:
            refused.append(columns.refused(row, [Fault(field, "same-as-in-line", {"line": before})]))
    if equal := len(read) - len(left) - len(refused):
        tell(f"Rows that are the same as one above: {equal:,}.")
    return left, refused, equal


def _split(
    read: Sequence[tuple[TableRow, Attributes]],
    columns: ColumnMapping[Any],
    faults_of: Callable[[Values], Sequence[Fault]],
) -> tuple[list[Attributes], list[Refused]]:
    """Return the valid rows, and the refused rows with their faults."""
    valid, refused = [], []
    for row, values in read:
        if faults := faults_of(values):
            refused.append(columns.refused(row, faults))
        else:
            valid.append(values)
    return valid, refused


def _tally(outcome: ChangeOutcome, refused: list[Refused], equal: int) -> tuple[RowTally, list[Refused]]:
    refused.sort(key=lambda refusal: refusal.row.number)
    return RowTally(outcome.created, outcome.changed, outcome.unchanged + equal, len(refused)), refused


def _show_notices(notices: Sequence[str], tell: Tell) -> None:
    for notice in notices[:SHOWN]:
        tell(notice)
    if len(notices) > SHOWN:
        tell(f"and {len(notices) - SHOWN:,} more like these")


def sign_in_link(username: str, now: datetime) -> str:
    """Return the address of a page to set a password, once; its path alone without CITYLOOP_ORIGIN."""
    secret = accounts.make_sign_in_secret(username, BY, now)
    return str(settings.CITYLOOP.origin + reverse("first_sign_in", args=[secret]))


def _check_new(path: Path) -> None:
    if path.exists():
        raise Invalid([Fault("--links", "links-file-exists", {"path": path})])


def _write_links(path: Path, links: Sequence[tuple[str, str, str]]) -> None:
    """Write the links to a new file that only its owner may read."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8-sig") as file:
        csv.writer(file).writerows([("username", "name", "link"), *links])
