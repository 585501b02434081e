"""Measures as SQL: the same in DuckDB and in Spark; and DuckDB sees the facts and nothing else."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import sqlglot
from sqlglot import exp

from cityloop.core.errors import Invalid
from cityloop.evaluation.facts.relations import CASES, RELATIONS, Type
from cityloop.evaluation.indicators.figures import countings
from cityloop.evaluation.indicators.texts import read_book
from cityloop.evaluation.measures.compiling import Counting, NoSuchGrouping, Question, rows_counted, statements
from cityloop.evaluation.measures.engine import counted, opened
from cityloop.evaluation.measures.grammar import read_claim, read_measure
from cityloop.evaluation.periods import Rhythm, read_period
from cityloop.registry.packs.reading import SHIPPED
from fact_rows import ZONE, drawn, stored

BOOK = read_book(SHIPPED / "gbt30428-4")
RHYTHM = Rhythm(ZONE)
JUNE = read_period("2026-06", RHYTHM)
JUNE_AND_19TH = (JUNE, read_period("2026-06-19..2026-07-18", RHYTHM))
AS_OF = datetime(2026, 8, 1, tzinfo=UTC)
ROWS = drawn(7, cases=60)
EVERYTHING = {
    **countings(BOOK, BOOK.indicators.values()),
    "texts": Counting(
        read_measure(
            "SELECT count(DISTINCT case_number) FROM cases WHERE in_period(filed_at) AND substr(category, 1, 2) = '06' "
            "AND coalesce(unit, 'it''s') LIKE 'roads_%' AND length(district) BETWEEN 6 AND 6 AND lon > 0.5"
        )
    ),
    "sums": Counting(read_measure("SELECT sum(lon) FROM cases WHERE in_period(filed_at)")),
    "seconds": Counting(read_measure("SELECT sum(counted_seconds) FROM tasks WHERE in_period(done_at)")),
    "moments": Counting(
        read_measure("SELECT count(*) FROM tasks WHERE in_period(done_at) AND due_at < TIMESTAMP '2026-06-15 08:00:00'")
    ),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("facts")


@pytest.fixture(scope="module")
def engine(folder: Path) -> Iterator[Any]:
    with opened(stored(folder, ROWS), folder, memory_mb=256, threads=1) as connection:
        yield connection


def all_statements(question: Question) -> tuple[Any, ...]:
    """Return the SQL of every measure that can be grouped in this way."""
    able = {}
    for name, counting in EVERYTHING.items():
        try:
            statements({name: counting}, question)
        except NoSuchGrouping:
            continue
        able[name] = counting
    return statements(able, question)


QUESTIONS = [
    Question((JUNE,), AS_OF, ZONE),
    Question(JUNE_AND_19TH, AS_OF, ZONE, ("district", "category")),
    Question(JUNE_AND_19TH, AS_OF, ZONE, ("person",), {"district": ("490101", None), "source": ("it's", "patrol")}),
    Question((JUNE,), AS_OF, ZONE, ("department", "unit"), {"unit": ()}),
]


@pytest.mark.parametrize("question", QUESTIONS, ids=range(len(QUESTIONS)))
def test_the_sql_for_spark_can_be_read_as_spark_and_means_the_same(engine: Any, question: Question) -> None:
    for statement in all_statements(question):
        read = sqlglot.parse_one(statement.spark, read="spark")
        again = engine.execute(read.sql("duckdb")).fetchall()
        assert sorted(again, key=str) == sorted(engine.execute(statement.duckdb).fetchall(), key=str)
        assert "TIMESTAMP_NTZ" in statement.spark


def test_the_rows_behind_figures_can_be_queried_in_spark_as_well(engine: Any) -> None:
    for name, counting in EVERYTHING.items():
        statement = rows_counted(counting, Question((JUNE,), AS_OF, ZONE))
        read = sqlglot.parse_one(statement.spark, read="spark")
        assert engine.execute(read.sql("duckdb")).fetchall() == engine.execute(statement.duckdb).fetchall(), name


def test_one_statement_counts_all_that_is_counted_over_one_relation() -> None:
    found = all_statements(Question((JUNE,), AS_OF, ZONE))
    assert sorted(statement.relation.name for statement in found) == ["cases", "events", "passages", "tasks"]
    assert {name for statement in found for name in statement.names} == set(EVERYTHING)


def test_many_periods_are_counted_by_one_pass_over_the_facts_but_for_what_is_counted_once_only() -> None:
    months = tuple(read_period(f"2026-{month:02}", RHYTHM) for month in range(1, 13))
    found = all_statements(Question(months, AS_OF, ZONE, ("district",)))
    assert {name for statement in found for name in statement.names} == set(EVERYTHING)
    once = [statement for statement in found if statement.tree.find(exp.Distinct)]
    assert sorted(statement.relation.name for statement in found if statement not in once) == [
        "cases",
        "events",
        "passages",
        "tasks",
    ]
    assert all(len(list(statement.tree.find_all(exp.Table))) == 1 for statement in found)


def test_the_sql_has_no_relation_but_the_one_it_is_over() -> None:
    for question in QUESTIONS:
        for statement in all_statements(question):
            assert {table.name for table in statement.tree.find_all(exp.Table)} == {statement.relation.name}
            assert not list(statement.tree.find_all(exp.Placeholder, exp.Anonymous, exp.Div))


def test_moments_in_measures_are_by_the_clocks_of_the_city() -> None:
    counting = {"moments": EVERYTHING["moments"]}
    for zone, moment in ((ZONE, "2026-06-15 00:00:00"), (ZoneInfo("America/New_York"), "2026-06-15 12:00:00")):
        (statement,) = statements(counting, Question((JUNE,), AS_OF, zone))
        assert f"due_at < CAST('{moment}' AS TIMESTAMP)" in statement.duckdb
        assert "done_at >= CAST('2026-05-31 16:00:00' AS TIMESTAMP)" in statement.duckdb


def test_sums_are_exact_and_zero_over_no_rows(engine: Any) -> None:
    question = Question((JUNE,), AS_OF, ZONE)
    only = {name: EVERYTHING[name] for name in ("sums", "seconds")}
    found = counted(engine, statements(only, question), 0)
    start, end = (end.astimezone(UTC).replace(tzinfo=None) for end in (JUNE.start, JUNE.end))
    lons = [row.lon for row in ROWS["cases"] if row.filed_at and start <= row.filed_at < end and row.lon is not None]
    assert found[0, ()]["sums"] == Fraction(sum(lons, start=Decimal(0)))
    empty = counted(engine, statements(only, replace(question, periods=(read_period("2019", RHYTHM),))), 0)
    assert empty[0, ()] == {"sums": 0, "seconds": 0}


def test_rows_with_an_unknown_condition_are_not_excluded(engine: Any) -> None:
    measure = read_measure("SELECT count(*) FROM cases WHERE in_period(filed_at)")
    countings = {
        "all": Counting(measure),
        "without": Counting(measure, (read_claim("is_exempt", CASES),)),
        "said": Counting(read_measure("SELECT count(*) FROM cases WHERE in_period(filed_at) AND is_exempt")),
    }
    found = counted(engine, statements(countings, Question((JUNE,), AS_OF, ZONE)), 0)[0, ()]
    assert found["without"] == found["all"] - found["said"]


def test_a_figure_is_grouped_by_its_own_columns_instead_of_others() -> None:
    measure = read_measure("SELECT count(*) FROM cases WHERE in_period(filed_at)")
    own = Counting(measure, columns={"person": "filed_by"})
    (statement,) = statements({"x": own}, Question((JUNE,), AS_OF, ZONE, ("person",)))
    assert "GROUP BY\n  filed_by" in statement.duckdb


@pytest.mark.parametrize("by", ["nothing", "case_number", "filed_at", "x; DROP TABLE cases"])
def test_a_column_that_figures_cannot_be_grouped_by_is_refused(by: str) -> None:
    counting = Counting(read_measure("SELECT count(*) FROM cases WHERE in_period(filed_at)"))
    for question in (
        Question((JUNE,), AS_OF, ZONE, (by,)),
        Question((JUNE,), AS_OF, ZONE, (), {by: ("a",)}),
    ):
        with pytest.raises(NoSuchGrouping, match="Known are"):
            statements({"x": counting}, question)
    with pytest.raises(NoSuchGrouping):
        statements({"x": Counting(read_measure("SELECT count(*) FROM passages WHERE in_period(left_at)"))},
                   Question((JUNE,), AS_OF, ZONE, ("person",)))  # fmt: skip


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM read_text('/etc/hostname')",
        "SELECT * FROM read_parquet('{folder}/other.parquet')",
        "SELECT * FROM '{folder}/other.parquet'",
        "SELECT * FROM read_csv('https://example.org/x.csv')",
        "SELECT * FROM glob('{folder}/*')",
        "COPY cases TO '{folder}/out.csv'",
        "COPY cases TO '{folder}/cases-1.parquet'",
        "ATTACH '{folder}/x.duckdb'",
        "INSTALL httpfs",
        "LOAD httpfs",
        "SET enable_external_access = true",
        "SET memory_limit = '100GB'",
        "SET threads = 64",
        "RESET allowed_paths",
        "SELECT * FROM ROWS",
        "SELECT * FROM hidden",
    ],
)
def test_the_engine_reaches_no_file_no_network_no_setting_and_nothing_of_the_program(
    engine: Any, folder: Path, sql: str
) -> None:
    import duckdb
    import pyarrow as pa
    import pyarrow.parquet as pq

    hidden = pa.table({"secret": [1]})
    pq.write_table(hidden, folder / "other.parquet")
    with pytest.raises(duckdb.Error):
        engine.execute(sql.format(folder=folder)).fetchall()
    assert not (folder / "out.csv").exists() and not (folder / "x.duckdb").exists()


def test_the_engine_sees_the_relations_as_they_are_published(engine: Any) -> None:
    seen = {name for (name,) in engine.execute("SELECT view_name FROM duckdb_views() WHERE NOT internal").fetchall()}
    assert seen == set(ROWS)
    assert engine.execute("SELECT count(*) FROM tasks").fetchall() == [(len(ROWS["tasks"]),)]
    limit = engine.execute("SELECT current_setting('memory_limit'), current_setting('threads')").fetchall()
    assert limit == [("244.1 MiB", 1)]


def test_files_with_other_columns_than_the_published_ones_are_refused(tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    files = stored(tmp_path, {"cases": ROWS["cases"]})
    for path in files["cases"]:
        table = pq.read_table(path).drop_columns(["case_number"])
        place = table.schema.get_field_index("lon")
        pq.write_table(table.set_column(place, "lon", table.column("lon").cast(pa.float64())), path)
    with pytest.raises(Invalid) as refused, opened(files, tmp_path):
        pass
    assert {fault.field for fault in refused.value.faults} == {"cases.case_number", "cases.lon"}


def test_no_column_of_a_fact_is_a_float() -> None:
    assert {column.type for relation in RELATIONS.values() for column in relation.columns} <= set(Type)
    assert "DOUBLE" not in (kind for kind in map(str, Type))
