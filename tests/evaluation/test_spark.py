"""The same SQL that DuckDB runs, run by Spark over the same files: the same figures, to the last decimal.

It needs Java; where that is, `make test-all` installs pyspark. Without them it is skipped.
"""

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from cityloop.evaluation.indicators.figures import countings
from cityloop.evaluation.indicators.texts import read_book
from cityloop.evaluation.measures.compiling import Counting, NoSuchGrouping, Question, rows_counted, statements
from cityloop.evaluation.measures.engine import counted, opened
from cityloop.evaluation.measures.grammar import read_measure
from cityloop.evaluation.periods import Rhythm, read_period
from cityloop.registry.packs.reading import SHIPPED
from fact_rows import ZONE, drawn, stored

pytestmark = pytest.mark.weekly
pyspark = pytest.importorskip("pyspark", reason="pyspark is not installed")
if shutil.which("java") is None:
    pytest.skip("Java is not installed", allow_module_level=True)

BOOK = read_book(SHIPPED / "gbt30428-4")
MONTHS = tuple(read_period(word, Rhythm(ZONE)) for word in ("2026-05", "2026-06", "2026-06-19..2026-07-18"))
SUMS = {
    "decimals": "SELECT sum(lon) FROM cases WHERE in_period(filed_at)",
    "halves": "SELECT sum(CASE WHEN is_exempt THEN 0.5 ELSE limit_amount END) FROM cases WHERE in_period(filed_at)",
    "signed": "SELECT sum(CASE WHEN in_period(done_at) THEN 1 WHEN in_period(due_at) THEN -1 END) FROM tasks",
    "words": "SELECT count(*) FROM cases WHERE in_period(filed_at) AND substr(unit, 1, 2) = 'ro' AND unit LIKE 'r%'",
}
EVERYTHING = countings(BOOK, BOOK.indicators.values()) | {
    name: Counting(read_measure(sql)) for name, sql in SUMS.items()
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("facts")


@pytest.fixture(scope="module")
def engines(folder: Path) -> Iterator[tuple[Any, Any]]:
    """Yield DuckDB and Spark, which see the same files."""
    files = stored(folder, drawn(5, cases=60))
    settings = {
        "spark.ui.enabled": "false", "spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1",
        "spark.sql.shuffle.partitions": "1", "spark.sql.session.timeZone": "UTC",
        "spark.sql.warehouse.dir": str(folder / "warehouse"),
    }  # fmt: skip
    builder = pyspark.sql.SparkSession.builder.master("local[1]")
    for name, value in settings.items():
        builder = builder.config(name, value)
    spark = builder.getOrCreate()
    for name, paths in files.items():
        spark.read.parquet(*map(str, paths)).createOrReplaceTempView(name)
    with opened(files, folder) as duckdb:
        yield duckdb, spark
    spark.stop()


@pytest.mark.parametrize("periods", [MONTHS[:1], MONTHS], ids=["one", "three"])
@pytest.mark.parametrize("by", [(), ("district", "unit")], ids=["together", "by district and unit"])
def test_spark_counts_what_duckdb_counts(engines: tuple[Any, Any], periods: Any, by: tuple[str, ...]) -> None:
    duckdb, spark = engines
    question = Question(periods, datetime(2026, 7, 2, tzinfo=UTC), ZONE, by)
    for statement in statements(able(question), question):
        found = {}
        for row in spark.sql(statement.spark).collect():
            number, key, amounts = row[0], tuple(row[1 : len(by) + 1]), row[len(by) + 1 :]
            found[number, key] = dict(zip(statement.names, map(Fraction, amounts), strict=True))
        assert found == counted(duckdb, [statement], len(by))


def test_spark_finds_the_rows_behind_figures_that_duckdb_finds(engines: tuple[Any, Any]) -> None:
    duckdb, spark = engines
    for name in ("need_dispose without exempt voided", "halves"):
        statement = rows_counted(EVERYTHING[name], Question(MONTHS[:1], datetime(2026, 7, 2, tzinfo=UTC), ZONE))
        assert [tuple(row) for row in spark.sql(statement.spark).collect()] == duckdb.execute(
            statement.duckdb
        ).fetchall()


def able(question: Question) -> dict[str, Counting]:
    found = {}
    for name, counting in EVERYTHING.items():
        try:
            statements({name: counting}, question)
        except NoSuchGrouping:
            continue
        found[name] = counting
    return found
