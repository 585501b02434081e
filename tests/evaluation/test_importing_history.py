"""Histories of other systems as facts: small tables, imported by the command."""

import csv
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from cityloop.entry.command_line import main
from cityloop.evaluation.facts.files import FactFolder
from cityloop.evaluation.foreign import history as imported_history

CASES = """
zone: Asia/Shanghai
nothing: ["无"]
fields:
  case_number: {column: 编号}
  reported_at: {column: 上报}
  due_at: {column: 时限}
  closed_at: {column: 结案}
  district: {column: 区, words: {福 田: 福田}}
  unit: {column: 单位}
  told_in_time: {column: 按时}
  lon: {column: x}
  lat: {column: y}
  source_kind: {column: 来源, words: {热线: public}}
"""
HEAD = "编号,上报,时限,结案,区,单位,按时,x,y,来源\n"
UPDATES = """
zone: UTC
rows: updates
states: {closed: [done], waiting: [asked]}
fields:
  case_number: {column: no}
  updated_at: {column: at}
  reported_at: {column: opened}
  state: {column: state}
  unit: {column: group}
"""


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def bring_in(table: str, mapping: str, *options: str, encoding: str = "utf-8") -> Result:
    Path("table.csv").write_text(table, encoding)
    Path("map.yaml").write_text(mapping, "utf-8")
    return CliRunner().invoke(
        main, ["import", "history", "table.csv", "--mapping", "map.yaml", "--to", "facts", *options]
    )


def facts_of(relation: str) -> list[dict[str, Any]]:
    """Return the rows of a relation in the newest edition, without what is empty."""
    folder = FactFolder(Path("facts"))
    edition = folder.latest()
    assert edition
    tables = [folder.table(part) for part in edition.parts if part.relation == relation]
    return [{n: v for n, v in row.items() if v is not None} for table in tables for row in table.to_pylist()]


def as_of() -> str:
    edition = FactFolder(Path("facts")).latest()
    assert edition
    return edition.name


def at(*parts: int) -> datetime:
    return datetime(*parts)  # type: ignore[arg-type]  # noqa: DTZ001  # as facts have it


def test_a_row_becomes_the_facts_of_a_case_and_nothing_is_made_up() -> None:
    table = HEAD + "A1,2026-06-01 07:30,2026-06-03 08:00,2026-06-01 23:30,福 田,市政,是,114.05451234567,22.5,热线\n"
    result = bring_in(table, CASES, encoding="gb18030")
    assert result.exit_code == 0, result.output
    assert facts_of("cases") == [
        {
            "case_number": "A1",
            "reported_at": at(2026, 5, 31, 23, 30),
            "due_at": at(2026, 6, 3),
            "closed_at": at(2026, 6, 1, 15, 30),
            "reported_on": date(2026, 6, 1),
            "closed_on": date(2026, 6, 1),
            "raw_seconds": 16 * 3600,
            "district": "福田",
            "unit": "市政",
            "department": "市政",
            "told_in_time": True,
            "source_kind": "public",
            "lon": Decimal("114.0545123"),
            "lat": Decimal("22.5000000"),
        }
    ]
    assert [facts_of(name) for name in ("tasks", "passages", "events")] == [[], [], []]
    assert as_of() == "20260601T153001Z"  # just after the last thing that happened; a target is still to come


def test_bad_rows_are_listed_with_column_and_reason_and_the_good_ones_are_kept() -> None:
    rows = [
        "A1,2026-06-01 08:00,,,,,,,,",
        "A1,2026-06-01 09:00,,,,,,,,",
        ",2026-06-01 09:00,,,,,,,,",
        "A2,,,,,,,,,",
        "A3,gestern,,,,,,,,",
        "A4,2026-06-01 09:00,,2999-01-01,,,,,,",
        "A5,2026-06-01 09:00,,,,,vielleicht,,,",
        "A6,2026-06-01 09:00,,,,,,214,22,",
        "A7,2026-06-01 09:00,,,,,,,,电话",
        "A8,2026-06-01 09:00,2999-01-01,,无,,无,114,,",
    ]
    result = bring_in(HEAD + "\n".join(rows) + "\n", CASES)
    assert result.exit_code == 0, result.output
    assert "10 rows: cases 2, rejected 8." in result.stdout
    assert [case["case_number"] for case in facts_of("cases")] == ["A1", "A8"]
    with Path("table.rejects.csv").open(encoding="utf-8-sig", newline="") as file:
        reasons = {(line["row"], line["field"]): line["reason"] for line in csv.DictReader(file)}
    assert reasons == {
        ("2", "case_number (编号)"): "A1 is already in a row above.",
        ("3", "case_number (编号)"): "This must be filled in.",
        ("4", "reported_at (上报)"): "This must be filled in.",
        ("5", "reported_at (上报)"): "gestern is not a date and time. Describe with format how they are written.",
        ("6", "closed_at (结案)"): "2999-01-01 is after the moment of the facts.",
        ("7", "told_in_time (按时)"): "vielleicht is neither yes nor no. Write 是 or 否.",
        ("8", "lon (x)"): "214 is not a number of degrees from -180 to 180.",
        (
            "9",
            "source_kind (来源)",
        ): "电话 is not one of collector, public, inspection, video, sensor, leader, linked, other.",
    }


def test_a_table_of_which_nothing_can_be_read_makes_no_edition() -> None:
    result = bring_in(HEAD + "A1,,,,,,,,,\n", CASES)
    assert result.exit_code == 1
    assert "None of the 1 rows could be read" in result.output
    assert FactFolder(Path("facts")).latest() is None


def test_facts_are_as_of_the_moment_given_and_nothing_has_happened_later() -> None:
    table = HEAD + "A1,2026-06-01 08:00,,,,,,,,\nA2,2026-07-01 08:00,,,,,,,,\n"
    result = bring_in(table, CASES, "--as-of", "2026-07-01T00:00")
    assert "2 rows: cases 1, rejected 1." in result.stdout
    assert as_of() == "20260630T160000Z"
    assert bring_in(table, CASES, "--as-of", "tomorrow").exit_code == 1


def test_the_same_table_again_is_the_same_edition_and_another_one_of_its_moment_is_refused() -> None:
    table = HEAD + "A1,2026-06-01 08:00,,,,,,,,\n"
    first, again = (bring_in(table, CASES).stdout for _ in range(2))
    assert first == again
    other = bring_in(table + "A2,2026-06-01 08:00,,,,,,,,\n", CASES)
    assert other.exit_code == 1
    assert "already has other facts, of 20260601T000001Z" in other.output
    assert [case["case_number"] for case in facts_of("cases")] == ["A1"]


def test_the_facts_of_a_city_are_not_changed() -> None:
    from cityloop.evaluation.facts.files import Edition

    city = Edition(datetime.fromisoformat("2026-01-01T00:00:00+00:00"), "Asia/Shanghai", (), "17")
    FactFolder(Path("facts")).save(city)
    result = bring_in(HEAD + "A1,2026-06-01 08:00,,,,,,,,\n", CASES)
    assert result.exit_code == 1
    assert FactFolder(Path("facts")).editions() == (city,)


def test_parts_have_a_fixed_number_of_cases_in_the_order_of_the_table(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imported_history, "CASES_A_PART", 3)
    bring_in(HEAD + "".join(f"A{n},2026-06-01 08:00,,,,,,,,\n" for n in (5, 9, 1, 7)), CASES)
    edition = FactFolder(Path("facts")).latest()
    assert edition
    assert [(part.relation, part.number, part.rows) for part in edition.parts] == [("cases", 0, 3), ("cases", 1, 1)]
    assert [case["case_number"] for case in facts_of("cases")] == ["A1", "A5", "A9", "A7"]


STORY = """no,at,opened,state,group
B1,2026-06-01 08:00,2026-06-01 07:50,new,
B2,2026-06-01 08:00,2026-06-01 08:00,new,parks
B1,2026-06-01 09:00,2026-06-01 07:50,work,roads
B1,2026-06-01 10:00,2026-06-01 07:50,asked,roads
B1,2026-06-01 11:00,2026-06-01 07:50,work,parks
B1,2026-06-01 12:00,2026-06-01 07:50,done,lamps
B1,2026-06-02 08:00,2026-06-01 07:50,work,lamps
B1,2026-06-02 09:00,2026-06-01 07:50,done,lamps
"""


def test_updates_become_tasks_of_those_who_had_the_case_and_stays_in_its_states() -> None:
    result = bring_in(STORY, UPDATES)
    assert "8 rows: cases 2, rejected 0." in result.stdout
    first, second = facts_of("cases")
    assert {name: first[name] for name in ("reassignments", "reopenings", "stage", "unit", "closed_at")} == {
        "reassignments": 3,  # from nobody to roads, to parks, to lamps
        "reopenings": 1,
        "stage": "done",
        "unit": "lamps",
        "closed_at": at(2026, 6, 2, 9),
    }
    assert (first["hung_from"], first["hung_until"]) == (at(2026, 6, 1, 10), at(2026, 6, 1, 11))
    assert (second["reassignments"], second["reopenings"], "closed_at" in second) == (0, 0, False)
    tasks = [
        (t["case_number"], t["task_no"], t["unit"], t["opened_at"].hour, t.get("outcome"), t.get("raw_seconds"))
        for t in facts_of("tasks")
    ]
    assert tasks == [
        ("B1", 1, "roads", 9, "pass_on", 7200),
        ("B1", 2, "parks", 11, "pass_on", 3600),
        ("B1", 3, "lamps", 12, "report_back", 0),
        ("B1", 4, "lamps", 8, "report_back", 3600),
        ("B2", 1, "parks", 8, None, None),
    ]
    stays = [(p["passage_no"], p["stage"], p["is_hung"]) for p in facts_of("passages") if p["case_number"] == "B1"]
    states = ("new", "work", "asked", "work", "done", "work", "done")
    assert stays == [(number, state, state == "asked") for number, state in enumerate(states, 1)]
    names = [event["name"] for event in facts_of("events") if event["case_number"] == "B1"]
    assert names == [
        "CaseReported",
        "CaseReassigned",
        "CaseUpdated",
        "CaseReassigned",
        "CaseReassigned",
        "CaseClosed",
        "CaseReopened",
        "CaseClosed",
    ]


def test_updates_are_sorted_by_time_unless_the_mapping_keeps_the_order_of_the_table() -> None:
    head, *lines = STORY.splitlines()
    bring_in(STORY, UPDATES)
    bring_in("\n".join([head, *reversed(lines)]) + "\n", UPDATES, "--to", "other")
    sorted_again = FactFolder(Path("other")).latest()
    straight = FactFolder(Path("facts")).latest()
    assert sorted_again and straight
    assert {part.digest for part in sorted_again.parts} == {part.digest for part in straight.parts}
    bring_in("\n".join([head, *reversed(lines)]) + "\n", UPDATES + "order: table\n", "--to", "believed")
    believed = FactFolder(Path("believed"))
    edition = believed.latest()
    assert edition
    cases = [row for p in edition.parts if p.relation == "cases" for row in believed.table(p).to_pylist()]
    assert {case["case_number"]: case["stage"] for case in cases} == {"B1": "new", "B2": "new"}


def test_the_systems_own_counts_are_kept_and_differences_are_reported() -> None:
    lines = STORY.splitlines()
    counts = ["own", 0, 0, 1, 1, 3, 4, 4, 4]
    table = "\n".join(f"{line},{count}" for line, count in zip(lines, counts, strict=True)) + "\n"
    result = bring_in(table, f"{UPDATES}  reassignments: {{column: own}}\n")
    assert "In 1 of the cases the updates show another number of reassignments than the table states" in result.stdout
    assert facts_of("cases")[0]["reassignments"] == 4


def test_a_limit_that_is_a_day_is_over_at_the_end_of_that_day() -> None:
    rows = ["A1,2026-06-01 08:00,2026-06-03,2026-06-03 16:00", "A2,2026-06-01 08:00,20260603,2026-06-04 00:00"]
    rows += ["A3,2026-06-01 08:00,2026-06-03 12:00,", "A4,2026-06-01 08:00,46176,"]
    result = bring_in(HEAD + "".join(f"{row},,,,,,\n" for row in rows), CASES)
    dues = [at(2026, 6, 3, 16), at(2026, 6, 3, 16), at(2026, 6, 3, 4), at(2026, 6, 3, 16)]  # in UTC
    assert [case["due_at"] for case in facts_of("cases")] == dues
    assert "3 limits are days" in result.stdout


def test_a_case_closed_on_the_day_it_was_reported_is_in_order_and_its_hours_are_not_known() -> None:
    bring_in(HEAD + "A1,2026-06-01 08:00,2026-06-01,2026-06-01,,,,,,\nA2,2026-06-01,,2026-06-03,,,,,,\n", CASES)
    first, second = facts_of("cases")
    assert (first["closed_at"], first["closed_on"], "raw_seconds" in first) == (at(2026, 6, 1), date(2026, 6, 1), False)
    assert second["raw_seconds"] == 2 * 86_400


@pytest.mark.parametrize("row", ["2026-05-31 08:00,", "2026-06-01 07:59:59,", "2026-05-31,", ",2026-05-31"])
def test_a_case_that_ends_before_it_begins_is_rejected(row: str) -> None:
    closed, due = row.split(",")
    table = HEAD + f"A1,2026-06-01 08:00,{due},{closed},,,,,,\nA2,2026-06-01 08:00,,,,,,,,\n"
    assert "cases 1, rejected 1." in bring_in(table, CASES).stdout
    assert "is before reported_at, 2026-06-01 08:00." in Path("table.rejects.csv").read_text("utf-8-sig")


def test_rows_that_are_the_same_are_told_once_and_a_column_that_is_no_key_refuses_the_file() -> None:
    row = "A1,2026-06-01 08:00,,,,,,,,\n"
    result = bring_in(HEAD + row * 3, CASES)
    assert "3 rows: cases 1, rejected 0.\nRows that are the same as one above, left out: 2." in result.stdout
    cut = "".join(f"2023050{n // 4},2026-06-01 08:0{n},,,,,,,,\n" for n in range(8))
    refused = bring_in(HEAD + cut, CASES, "--to", "other")
    assert refused.exit_code == 1 and "8 different rows have only 2 values" in refused.output
    assert FactFolder(Path("other")).latest() is None
