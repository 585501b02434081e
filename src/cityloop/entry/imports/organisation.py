"""`cityloop import units`, `people`, `duties` and `rosters`: what stands in the tables of an organisation, entered.

Which columns mean what is in channels.organisation; what is wrong with a row is decided in registry.organisation.
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
from cityloop.entry.console.opening import BY, Tell
from cityloop.entry.imports.rows import RowTally, import_rows
from cityloop.registry.city.current import current_city
from cityloop.registry.history.changes import ChangeOutcome
from cityloop.registry.history.tables import DUTIES, ROSTER, Values
from cityloop.registry.models import Account, Appointment
from cityloop.registry.names import CodeNames, area_names, class_names, role_names, unit_names
from cityloop.registry.organisation import actions as organisation
from cityloop.registry.people import accounts

TOLD = 20  # notices told one by one

Said = dict[str, Any]
Read = TypeVar("Read")
Meaning = Callable[[str], str]


def import_units(path: Path, mapping: Path | None, rejects: Path | None, tell: Tell, *, dry_run: bool) -> str:
    """Enter the units of a file, all in one transaction; return in words what came of it."""
    sheet, columns = open_mapped(path, mapping, tables.UnitsText, titles=tables.UNIT_TITLES)

    def take(rows: list[TableRow], now: datetime) -> tuple[RowTally, list[Refused]]:
        read, refused = read_rows(rows, columns, lambda content: read_as(tables.UnitRow, content).values())
        read, doubles = _once(read, columns, "code", lambda values: values["code"])
        good, wrong = _fit_units(read, columns)
        outcome = organisation.set_units(good, BY, now, source=path.name)
        _notices(organisation.doubled_names(good), tell)
        return _tally(outcome, refused + doubles + wrong)

    return import_rows(path, sheet, take, tell, rejects=rejects, size=None, dry_run=dry_run)


def import_duties(path: Path, mapping: Path | None, rejects: Path | None, tell: Tell, *, dry_run: bool) -> str:
    """Enter the duties of a file, all in one transaction; return in words what came of it."""
    sheet, columns = open_mapped(path, mapping, tables.DutiesText, titles=tables.DUTY_TITLES)
    city, units = current_city(), unit_names()
    areas, classes = area_names(city), class_names(city)

    def duty(content: Said) -> Said:
        row = read_as(tables.ReadDuty, content)
        kind = tables.CLASS_KINDS.get(row.class_kind, row.class_kind)
        named = _named(
            {
                "category": (row.category, lambda words: classes.meant(words, kind)),
                "area": (row.area, areas.code),
                "unit": (row.unit, units.code),
            }
        )
        said = {"is_listed": row.is_listed, "basis": row.basis}
        return {**named, **{name: value for name, value in said.items() if value is not None}}

    def take(rows: list[TableRow], now: datetime) -> tuple[RowTally, list[Refused]]:
        read, refused = read_rows(rows, columns, duty)
        read, doubles = _once(read, columns, "category", DUTIES.named)
        faults = organisation.duty_faults([values for _, values in read], city)
        good, wrong = _parted(read, columns, lambda values: faults.get(DUTIES.named(values), []))
        outcome = organisation.set_duties(good, BY, now, city=city, source=path.name)
        return _tally(outcome, refused + doubles + wrong)

    return import_rows(path, sheet, take, tell, rejects=rejects, size=None, dry_run=dry_run)


def import_rosters(path: Path, mapping: Path | None, rejects: Path | None, tell: Tell, *, dry_run: bool) -> str:
    """Enter the shifts of a file, all in one transaction; return in words what came of it."""
    sheet, columns = open_mapped(path, mapping, tables.RostersText, titles=tables.ROSTER_TITLES)
    units, roles, zone = unit_names(), role_names(current_city()), settings.CITYLOOP.zone
    colleagues = _colleagues()

    def shift(content: Said) -> Said:
        row = read_as(tables.RosterRow, content)
        named = _named({"unit": (row.unit, units.code), "role": (row.role, roles.code)})
        who = _named({"person": (row.person, lambda words: colleagues(named["unit"], words))})["person"]
        return organisation.shift(named["unit"], named["role"], who, *row.moments(zone), row.note)

    def take(rows: list[TableRow], now: datetime) -> tuple[RowTally, list[Refused]]:
        read, refused = read_rows(rows, columns, shift)
        read, doubles = _once(read, columns, "person", ROSTER.named)
        faults = organisation.shift_faults(values for _, values in read)
        good, wrong = _parted(read, columns, lambda values: faults.get(ROSTER.named(values), []))
        _notices(organisation.overlaps(good), tell)
        outcome = organisation.set_shifts(good, BY, now, source=path.name)
        return _tally(outcome, refused + doubles + wrong)

    return import_rows(path, sheet, take, tell, rejects=rejects, size=None, dry_run=dry_run)


def import_people(
    path: Path, mapping: Path | None, rejects: Path | None, tell: Tell, *, dry_run: bool, secrets: Path | None = None
) -> str:
    """Enter the people of a file and their posts, 500 rows in one transaction; return in words what came of it.

    Nobody gets a password. With `secrets`, a link by which each new person sets one, once, is written to that file.
    """
    sheet, columns = open_mapped(path, mapping, tables.PeopleText, titles=tables.PEOPLE_TITLES)
    city, units = current_city(), unit_names()
    areas, roles = area_names(city), role_names(city)
    links: list[tuple[str, str, str]] = []
    if secrets and not dry_run:
        _check_new(secrets)

    def person(content: Said) -> tuple[tables.PersonRow, Said]:
        row = read_as(tables.PersonRow, content)
        _check_person(row)
        named = {"role": (row.role, roles.code), "unit": (row.unit, units.code), "area": (row.area or "", areas.code)}
        return row, _named(named)

    def take(rows: list[TableRow], now: datetime) -> tuple[RowTally, list[Refused]]:
        read, refused = read_rows(rows, columns, person)
        made, tally = [], RowTally(rejected=len(refused))
        for source, (row, post) in read:
            try:
                part, is_new = _entered(row, post, now)
            except Invalid as error:
                refused.append(columns.refused(source, error.faults))
                tally += RowTally(rejected=1)
                continue
            tally += part
            made += [row] if is_new else []
        if secrets and not dry_run:
            links.extend((row.username, row.name, sign_in_link(row.username, now)) for row in made)
        return tally, refused

    words = import_rows(path, sheet, take, tell, rejects=rejects, size=500, dry_run=dry_run)
    if links and secrets:
        _write_links(secrets, links)
        words += f"\nLinks by which {len(links):,} people set their password, once: {secrets}. Nobody else may read it."
    return words


def _entered(row: tables.PersonRow, post: Said, now: datetime) -> tuple[RowTally, bool]:
    """Enter one person with one post; return what came of it, and whether the account is new."""
    account = Account.objects.filter(username=row.username).first()
    if account is None:
        accounts.create_account(row.username, row.name, None, BY, now, phone=row.phone or "")
    elif account.is_machine:
        raise Invalid([Fault("username", "account-of-a-system", {"username": row.username})])
    elif not account.is_active:
        raise Invalid([Fault("username", "account-ended", {"username": row.username})])
    changed = account is not None and accounts.change_account(row.username, BY, now, name=row.name, phone=row.phone)
    held = Appointment.objects.filter(account__username=row.username)
    before = held.count()
    accounts.appoint(row.username, post["role"], post["unit"], post["area"] or None, BY, now)
    if account is None:
        return RowTally(created=1), True
    return (RowTally(changed=1) if changed or held.count() > before else RowTally(unchanged=1)), False


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


def _fit_units(read: Sequence[tuple[TableRow, Said]], columns: ColumnMapping[Any]) -> tuple[list[Said], list[Refused]]:
    """Return the units that can be entered, their parents by code, and the rows that cannot, with the reasons."""
    called = unit_names((values["code"], (values["name"], *values.get("aliases", ()))) for _, values in read)
    wrong: list[Refused] = []
    left: list[tuple[TableRow, Said]] = []
    for row, values in read:
        try:
            left.append((row, {**values, **_named({"parent": (values.get("parent", ""), called.code)})}))
        except Invalid as refused:
            wrong.append(columns.refused(row, refused.faults))
    left = [(row, values if values["parent"] else _without_parent(values)) for row, values in left]
    while True:  # a row that is refused may have been the parent of another
        faults = organisation.unit_faults([values for _, values in left])
        if not faults:
            return [values for _, values in left], wrong
        wrong += [columns.refused(row, faults[values["code"]]) for row, values in left if values["code"] in faults]
        left = [(row, values) for row, values in left if values["code"] not in faults]


def _without_parent(values: Said) -> Said:
    return {name: value for name, value in values.items() if name != "parent"}


def _named(said: Mapping[str, tuple[str, Meaning]]) -> Said:
    """Return the code that each field's words mean; Invalid naming every field whose words mean none."""
    found: Said = {}
    faults = []
    for name, (words, meaning) in said.items():
        try:
            found[name] = meaning(words) if words else ""
        except ValueError as error:
            faults.append(Fault(name, str(error)))
    if faults:
        raise Invalid(faults)
    return found


def _colleagues() -> Callable[[str, str], str]:
    """Return what finds a person by username, or by name among those of a unit, else of the city."""
    everybody: dict[str, list[str]] = {}
    known: set[str] = set()
    for username, name in Account.objects.filter(is_active=True).values_list("username", "name"):
        known.add(username)
        everybody.setdefault(name, []).append(username)
    of_unit: dict[tuple[str, str], list[str]] = {}
    posts = Appointment.objects.filter(account__is_active=True).distinct()
    for unit, name, username in posts.values_list("unit__code", "account__name", "account__username").distinct():
        of_unit.setdefault((unit, name), []).append(username)

    def found(unit: str, words: str) -> str:
        near = of_unit.get((unit, words)) or everybody.get(words, [])
        names = CodeNames("person", frozenset(known), {words: frozenset(near)})
        return names.code(words)

    return found


def _once(
    read: Sequence[tuple[TableRow, Read]], columns: ColumnMapping[Any], field: str, key: Callable[[Any], str]
) -> tuple[list[tuple[TableRow, Read]], list[Refused]]:
    """Return the rows whose key stands first in the file; the others are refused."""
    first: dict[str, int] = {}
    left, refused = [], []
    for row, values in read:
        line = row.line or row.number
        if (before := first.setdefault(key(values), line)) != line:
            refused.append(columns.refused(row, [Fault(field, "same-as-in-line", {"line": before})]))
        else:
            left.append((row, values))
    return left, refused


def _parted(
    read: Sequence[tuple[TableRow, Said]], columns: ColumnMapping[Any], faults: Callable[[Values], Sequence[Fault]]
) -> tuple[list[Said], list[Refused]]:
    good, wrong = [], []
    for row, values in read:
        if found := faults(values):
            wrong.append(columns.refused(row, found))
        else:
            good.append(values)
    return good, wrong


def _tally(outcome: ChangeOutcome, refused: list[Refused]) -> tuple[RowTally, list[Refused]]:
    refused.sort(key=lambda one: one.row.number)
    return RowTally(outcome.created, outcome.changed, outcome.unchanged, len(refused)), refused


def _notices(notices: Sequence[str], tell: Tell) -> None:
    for notice in notices[:TOLD]:
        tell(notice)
    if len(notices) > TOLD:
        tell(f"and {len(notices) - TOLD:,} more like these")


def sign_in_link(username: str, now: datetime) -> str:
    return reverse("workbench:first_sign_in", args=[accounts.make_sign_in_secret(username, BY, now)])


def _check_new(path: Path) -> None:
    if path.exists():
        raise Invalid([Fault("--links", "links-file-exists", {"path": path})])


def _write_links(path: Path, links: Sequence[tuple[str, str, str]]) -> None:
    """Write the links to a new file that only its owner may read."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8-sig") as file:
        csv.writer(file).writerows([("username", "name", "link"), *links])
