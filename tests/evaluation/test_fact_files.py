"""Facts as files: what is kept is what was written, a stranger can verify it, and nothing half-written is ever read."""

import csv
import hashlib
from datetime import UTC, date, datetime
from decimal import Decimal
from io import StringIO
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cityloop.core.errors import NotFound, NotPossible
from cityloop.evaluation.facts.files import Edition, FactFolder, FactPart, digest_of, table_of
from cityloop.evaluation.facts.relations import (
    CASES,
    EVENTS,
    RELATIONS,
    SOURCES,
    FactRelation,
    Type,
)
from cityloop.evaluation.measures import engine
from fact_rows import drawn

AS_OF = datetime(2026, 11, 22, 8, 30, tzinfo=UTC)
VALUES = {
    Type.TEXT: st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=6),
    Type.INTEGER: st.integers(-(2**63), 2**63 - 1),
    Type.DECIMAL: st.decimals(-999, 999, places=7),
    Type.MOMENT: st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1)),  # noqa: DTZ001  # UTC without a zone
    Type.DATE: st.dates(),
    Type.BOOL: st.booleans(),
}


def test_a_file_with_false_statistics_is_found(tmp_path: Path) -> None:
    """The engine skips rows by the statistics of a file, even if their digest is right."""
    folder = FactFolder(tmp_path)
    filed, other = datetime(2026, 10, 14), datetime(2025, 1, 1)  # noqa: DTZ001  # UTC without a zone
    table = table_of(CASES, [{"case_number": str(number), "filed_at": filed} for number in range(9)])
    part = folder.write("cases", 0, table)
    edition = Edition(AS_OF, "Asia/Shanghai", (part,))
    assert list(folder.faults(edition)) == []
    (path,) = folder.files(edition)["cases"]
    whole = path.read_bytes()
    footer = len(whole) - 8 - int.from_bytes(whole[-8:-4], "little")
    false = whole[footer:].replace(micros(filed), micros(other))
    path.write_bytes(whole[:footer] + false)
    assert folder.table(part) == table
    assert [fault.values for fault in folder.faults(edition)] == [{"column": "filed_at"}]


def test_facts_from_before_a_column_was_published_are_verified_and_counted(tmp_path: Path) -> None:
    folder = FactFolder(tmp_path / "facts")
    table = table_of(CASES, [{"case_number": "1", "district": "490101"}])
    part = folder.write("cases", 0, table.drop_columns(["voided_at", "is_exempt"]))
    edition = Edition(AS_OF, "Asia/Shanghai", (part,))
    assert list(folder.faults(edition)) == []
    with engine.opened(folder.files(edition), tmp_path) as connection:
        asked = "SELECT district, voided_at, is_exempt FROM cases"
        assert connection.execute(asked).fetchall() == [("490101", None, None)]


def micros(moment: datetime) -> bytes:
    """Write a moment as Parquet does in the statistics of a column."""
    return int(moment.replace(tzinfo=UTC).timestamp() * 10**6).to_bytes(8, "little", signed=True)


def rows_of(relation: FactRelation) -> st.SearchStrategy[list[dict[str, Any]]]:
    row = {
        column.name: VALUES[column.type] if column.name in relation.key else st.none() | VALUES[column.type]
        for column in relation.columns
    }
    return st.lists(
        st.fixed_dictionaries(row), max_size=4, unique_by=lambda row: tuple(row[key] for key in relation.key)
    )


def spelled(value: Any) -> str:
    """Write one value as docs/reference/facts.md says, without the library that wrote it."""
    match value:
        case None:
            return ""
        case bool():
            words = "true" if value else "false"
        case Decimal():
            words = f"{value:.7f}"
        case datetime():
            words = value.strftime("%Y-%m-%d %H:%M:%S.%f")
        case date():
            words = value.isoformat()
        case _:
            words = str(value)
    doubled = words.replace('"', '""')
    return f'"{doubled}"'


def digest_by_hand(relation: FactRelation, rows: list[dict[str, Any]]) -> str:
    """Return the digest as a stranger recomputes it from docs/reference/facts.md."""
    names = [column.name for column in relation.columns]

    def key(row: dict[str, Any]) -> list[Any]:
        return [value.encode() if isinstance(value := row[name], str) else value for name in relation.key]

    lines = [names, *([row.get(name) for name in names] for row in sorted(rows, key=key))]
    return hashlib.sha256("".join(",".join(map(spelled, line)) + "\n" for line in lines).encode()).hexdigest()


@settings(deadline=None, max_examples=40)
@given(rows_of(CASES))
def test_a_stranger_comes_to_the_same_digest_of_cases(rows: list[dict[str, Any]]) -> None:
    assert digest_of(table_of(CASES, rows)) == digest_by_hand(CASES, rows)


@settings(deadline=None, max_examples=40)
@given(rows_of(EVENTS))
def test_a_stranger_comes_to_the_same_digest_of_events(rows: list[dict[str, Any]]) -> None:
    assert digest_of(table_of(EVENTS, rows)) == digest_by_hand(EVENTS, rows)


@pytest.mark.parametrize("degrees", ["0", "0.0000001", "-0.0000001", "120", "-0.1"])
def test_small_degrees_are_written_with_seven_places_like_any_other(degrees: str) -> None:
    rows = [{"case_number": "1", "lon": Decimal(degrees)}]
    assert digest_of(table_of(CASES, rows)) == digest_by_hand(CASES, rows)


def test_the_canonical_rows_are_a_table_that_any_program_reads() -> None:
    line = ",".join(map(spelled, ['汉，\n"字"', None, True]))
    assert next(csv.reader(StringIO(line, newline=""))) == ['汉，\n"字"', "", "true"]


def test_the_order_in_which_rows_come_makes_no_difference(tmp_path: Path) -> None:
    rows = [vars(row) for row in drawn(7)["events"]]
    folder = FactFolder(tmp_path)
    first = folder.write("events", 3, table_of(EVENTS, rows))
    second = folder.write("events", 3, table_of(EVENTS, reversed(rows)))
    assert first == second and first.rows == len(rows)
    assert folder.table(first).to_pylist() == table_of(EVENTS, rows).to_pylist()
    assert len(list(tmp_path.rglob("*.parquet"))) == 1


def edition_in(folder: FactFolder, codes: tuple[str, ...] = ("a", "b"), as_of: datetime = AS_OF) -> Edition:
    part = folder.write("sources", 0, table_of(SOURCES, [{"code": code} for code in codes]))
    edition = Edition(as_of, "Asia/Shanghai", (part,), "17", {"calendar": "3"})
    folder.save(edition)
    return edition


def test_an_edition_is_found_by_its_moment_and_by_its_digest(tmp_path: Path) -> None:
    folder = FactFolder(tmp_path)
    assert folder.latest() is None and folder.editions() == ()
    edition = edition_in(folder)
    later = edition_in(folder, ("a",), AS_OF.replace(hour=9))
    assert edition.name == "20261122T083000Z"
    assert folder.edition(edition.name) == folder.edition(edition.digest) == edition
    assert folder.editions() == (edition, later) and folder.latest() == later
    with pytest.raises(NotFound):
        folder.edition("20261122T083001Z")


def test_other_facts_do_not_replace_those_of_the_same_moment(tmp_path: Path) -> None:
    folder = FactFolder(tmp_path)
    edition = edition_in(folder)
    folder.save(edition)
    with pytest.raises(NotPossible):
        edition_in(folder, ("c",))
    assert folder.edition(edition.name) == edition


def test_the_digest_of_an_edition_is_over_its_moment_its_zone_and_its_parts() -> None:
    part = FactPart("sources", 0, 2, "ab")
    edition = Edition(AS_OF, "Asia/Shanghai", (part,))
    listed = '{"as_of":"20261122T083000Z","parts":[["sources",0,2,"ab"]],"zone":"Asia/Shanghai"}'
    assert edition.digest == hashlib.sha256(listed.encode()).hexdigest()
    assert edition.digest == Edition(AS_OF, "Asia/Shanghai", (part,), "99", {"calendar": "4"}).digest


def test_an_altered_or_missing_file_is_reported(tmp_path: Path) -> None:
    folder = FactFolder(tmp_path)
    edition = edition_in(folder)
    assert list(folder.faults(edition)) == []
    (path,) = folder.files(edition)["sources"]
    pq.write_table(table_of(SOURCES, [{"code": "a"}, {"code": "c"}]), path)
    assert [fault.code for fault in folder.faults(edition)] == ["facts-file-other-rows"]
    path.write_bytes(b"PAR1")
    assert next(folder.faults(edition)).code == "facts-file-unreadable"
    path.unlink()
    assert next(folder.faults(edition)).code == "facts-file-missing"
    with pytest.raises(NotFound):
        folder.table(edition.parts[0])


def test_an_empty_relation_can_be_counted_over(tmp_path: Path) -> None:
    folder = FactFolder(tmp_path)
    with engine.opened(folder.files(edition_in(folder)), tmp_path) as connection:
        found = {name: connection.execute(f"SELECT count(*) FROM {name}").fetchall()[0][0] for name in RELATIONS}
    assert found == dict.fromkeys(RELATIONS, 0) | {"sources": 2}


def test_editions_that_are_not_kept_are_removed_with_the_parts_that_only_they_had(tmp_path: Path) -> None:
    folder = FactFolder(tmp_path)
    first, removed, last = (
        edition_in(folder, codes, AS_OF.replace(day=day)) for codes, day in ((("a",), 21), (("b",), 22), (("a",), 23))
    )
    (tmp_path / "parts" / "sources" / ".left.parquet.0a1b2c3d").write_text("half a dra")
    assert folder.prune(keep=[first.as_of]) == 1
    assert folder.editions() == (first, last)
    assert [list(folder.faults(edition)) for edition in (first, last)] == [[], []]
    assert not folder.holds(removed.parts[0]) and len(list((tmp_path / "parts" / "sources").iterdir())) == 1


def test_a_draft_left_by_a_killed_writer_is_not_an_edition(tmp_path: Path) -> None:
    folder = FactFolder(tmp_path)
    edition = edition_in(folder)
    (tmp_path / "editions" / ".20261123T083000Z.json.0a1b2c3d").write_text("{")
    assert folder.editions() == (edition,)


def test_an_edition_of_another_form_is_refused_with_its_name(tmp_path: Path) -> None:
    (tmp_path / "editions").mkdir()
    (tmp_path / "editions" / "20261122T083000Z.json").write_text('{"format": "cityloop-facts/9"}')
    with pytest.raises(NotPossible, match="20261122T083000Z"):
        FactFolder(tmp_path).latest()
