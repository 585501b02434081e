"""`cityloop verify` finds a changed value in every column that is said to be proved, and no column is forgotten."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.db import connection, transaction

from actions.conftest import Do
from actions.proved_columns import PROOFS, UNPROVED, UNPROVED_TABLES
from actions.test_photos_of_cases import taken_in
from cityloop.casework.models import Case
from cityloop.evaluation import actions as evaluation
from cityloop.evaluation.answers import asked
from cityloop.evaluation.indicators.appraising import Asking
from cityloop.evaluation.models import CountedAnswer
from cityloop.registry import verification as of_the_city
from cityloop.registry.calendar.actions import adopt_calendar, declare_days
from cityloop.registry.history import changes
from cityloop.registry.history.tables import FACILITIES, PLACES, ROSTER
from cityloop.registry.models import Unit
from cityloop.registry.packs.in_force import packs_in_force
from cityloop.registry.people import accounts, second_factor
from cityloop.runtime.log import announcer, checkpoints, events
from example import NOW, SmallCity, code_at
from runtime.log import tamper

COLUMNS = """
    SELECT table_name, column_name, udt_name FROM information_schema.columns
     WHERE table_schema = 'public' ORDER BY table_name, ordinal_position
"""
FORGED = {
    "text": "coalesce({}, '') || 'x'",
    "varchar": "coalesce({}, '') || 'x'",
    "bool": "NOT {}",
    "int4": "coalesce({}, 0) - 1000003",
    "int8": "coalesce({}, 0) - 1000003",
    "float8": "coalesce({}, 0) + 1",
    "timestamptz": "coalesce({}, now()) - interval '1 day'",
    "date": "coalesce({}, current_date) + 1",
    "jsonb": "'{{\"forged\": 1}}'",
    "bytea": "'\\x00'::bytea",
    "_text": "coalesce({}, '{{}}') || array['forged']",
}
REFERENCES = {  # columns that may be empty: a number that no row has would be read as empty
    ("registry_appointment", "area_id"): "(SELECT max(id) FROM registry_area)",
    ("registry_area", "parent_id"): "(SELECT max(id) FROM registry_area)",
    ("registry_unit", "parent_id"): "(SELECT max(id) FROM registry_unit)",
}
NO_HORIZON = """
    CREATE OR REPLACE FUNCTION cityloop_log_horizon() RETURNS bigint LANGUAGE sql STABLE AS
      'SELECT 9223372036854775807'
"""
TAMPERED = (
    "INSERT INTO registry_appointment (account_id, role, unit_id, area_id) "
    "SELECT id, 'administrator', (SELECT min(id) FROM registry_unit), NULL FROM registry_account "
    "WHERE username = 'roads'",
    "INSERT INTO registry_token (account_id, digest, made_at) SELECT id, 'f', now() FROM registry_account LIMIT 1",
    "INSERT INTO registry_account (username, name, password, is_active, is_machine, channels) "
    "VALUES ('x', 'x', '!', true, false, '{}')",
    "INSERT INTO registry_changeset (what, source, \"by\", at) VALUES ('UnitsSet', '', 'account/1', now())",
    "INSERT INTO registry_duty (category, area, unit_id) SELECT '06', '', min(id) FROM registry_unit",
    "INSERT INTO evaluation_factedition VALUES ('f', 'f', now(), 'UTC', '{}')",
    "INSERT INTO evaluation_countedanswer (key, edition_id, pack, book, asked, count, asked_at, failure, answer, seal) "
    "SELECT 'f', edition_id, pack, book, asked, count, asked_at, '', answer, seal FROM evaluation_countedanswer",
)
# What may be missing: an answer is counted again.
MAY_BE_DELETED = {"evaluation_countedanswer"}


@pytest.fixture
def settled(go: Callable[[str], Case], do: Do, settings: object, tmp_path: Path) -> Iterator[None]:
    """A city with a row in every table that matters, exported, counted and sealed."""
    (tmp_path / "keys").symlink_to(django_settings.CITYLOOP.home_folder / "keys")
    settings.CITYLOOP = replace(django_settings.CITYLOOP, home=str(tmp_path))  # type: ignore[attr-defined]
    go("dispatch")
    do("report_back", "roads", result="已清理", photos=" ".join(taken_in("red")))
    accounts.make_token("hotline", "test", NOW)
    secret = second_factor.new_secret()
    second_factor.add("roads", secret, code_at(secret, NOW), "test", NOW)
    adopt_calendar(packs_in_force(), "test", NOW)
    declare_days({date(2026, 12, 2): (False, "停")}, "test", NOW)
    shift = {"unit": "roads", "role": "handler", "account": "roads", "starts_at": NOW, "ends_at": NOW, "note": ""}
    facility = {"code": "67100101010100001", "catalogue": "x", "category": "0101", "name": "井盖"}
    place = {"kind": "street", "key": "长江路", "district": "", "number": 0, "suffix": "", "name": "长江路"}
    parts = [(ROSTER, shift), (FACILITIES, facility), (PLACES, place | {"lon": 120.0, "lat": 23.0})]
    for table, row in parts:
        wanted = [{name: table.to_json(name, value) for name, value in row.items()}]
        changes.apply([changes.TableChange(table, wanted)], "test", NOW, "RosterSet", source="table.csv")
    _counted()
    with connection.cursor() as cursor:
        cursor.execute(NO_HORIZON)  # what this transaction wrote can be announced and sealed
    announcer.announce_all()
    checkpoints.seal(tmp_path, NOW)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET LOCAL session_replication_role = replica")  # no trigger, no foreign key
        yield
        cursor.execute("SET LOCAL session_replication_role = origin")


def _counted() -> None:
    facts = evaluation.export_facts(NOW + timedelta(hours=1))
    asked.figures(facts, "gbt30428-4", Asking(("register",), ("2026-11",)), NOW)
    evaluation.count_answer(CountedAnswer.objects.get().key, NOW)


def columns() -> list[tuple[str, str, str]]:
    with connection.cursor() as cursor:
        cursor.execute(COLUMNS)
        return cursor.fetchall()


def is_found(table: str, statement: str) -> bool:
    """Return whether the proof of a table finds what a statement alters, which is undone."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(statement)
            assert cursor.rowcount, statement
        found = any(True for _ in PROOFS[table]())
        transaction.set_rollback(True)
    return found


def test_a_changed_value_is_found_in_every_proved_column_and_a_removed_row_in_every_table(settled: None) -> None:
    for table, proof in PROOFS.items():
        assert list(proof()) == [], table
    assert list(of_the_city.unproved()) == []
    missed = []
    for table, column, kind in columns():
        if table not in PROOFS or column in UNPROVED.get(table, {}):
            continue
        forged = REFERENCES.get((table, column)) or FORGED[kind].format(f'"{column}"')
        first = f"ctid = (SELECT ctid FROM {table} LIMIT 1)"
        if not is_found(table, f'UPDATE {table} SET "{column}" = {forged} WHERE {first}'):
            missed.append(f"{table}.{column}")
    for table in PROOFS.keys() - MAY_BE_DELETED:
        if not is_found(table, f"DELETE FROM {table} WHERE ctid = (SELECT ctid FROM {table} LIMIT 1)"):
            missed.append(f"a deleted row of {table}")
    for statement in TAMPERED:
        if not is_found(statement.split()[2], statement):
            missed.append(statement)
    assert missed == [], "\n".join(missed)


def test_what_older_events_do_not_hold_is_listed_as_not_proved_and_is_no_finding(city: SmallCity) -> None:
    accounts.make_token("hotline", "test", NOW)
    tamper("UPDATE runtime_event SET payload = payload - 'row' - 'source'")
    tamper(
        "UPDATE runtime_event SET payload = jsonb_set(payload, '{token}', to_jsonb(left(payload ->> 'token', 8))) "
        "WHERE name = 'TokenMade'"
    )
    assert list(of_the_city.findings()) == []
    unproved = " ".join(of_the_city.unproved())
    assert "password of 13 accounts" in unproved
    assert "digests of 1 tokens" in unproved
    assert re.search(r"the sources of \d+ changes", unproved)
    assert re.search(r"what is kept of \d+ packs", unproved)


def test_rows_of_a_city_older_than_the_history_of_changes_are_listed_as_not_proved(city: SmallCity) -> None:
    Unit.objects.create(code="old", name="老单位")
    assert [finding.where for finding in of_the_city.findings()] == ["units old"]
    events.record("registry", "UnitsSet", "test", NOW, {"units": 1})
    assert list(of_the_city.findings()) == []
    assert list(of_the_city.unproved()) == ["1 units, entered before changes were kept"]


def test_each_column_is_proved_or_listed_with_the_reason(db: None) -> None:
    known = {(table, column) for table, column, _ in columns()}
    unlisted = {table for table, _ in known if not any(table.startswith(name) for name in UNPROVED_TABLES)}
    assert unlisted == PROOFS.keys()
    assert {(table, column) for table, listed in UNPROVED.items() for column in listed} <= known
    assert all(reason for listed in (*UNPROVED.values(), UNPROVED_TABLES) for reason in listed.values())
