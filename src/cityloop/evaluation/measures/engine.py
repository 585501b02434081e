"""DuckDB as the counting engine: it can read the facts and no other file, no network, and its settings are locked.

Web processes never import this module. compiling.py makes the statements.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from cityloop.core.errors import Fault, Invalid
from cityloop.evaluation.facts.relations import IN_DUCKDB, RELATIONS, FactRelation
from cityloop.evaluation.measures.compiling import Key, Statement

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

Counted = dict[tuple[int, Key], dict[str, Fraction]]  # by number of the period and key: counts by name


@contextmanager
def opened(
    facts: Mapping[str, Sequence[Path]], scratch: Path, *, memory_mb: int = 1024, threads: int = 2
) -> Iterator["DuckDBPyConnection"]:
    """Yield a connection that sees the relations in Parquet files and nothing else.

    Data too large for memory goes to a folder within `scratch`, which is removed afterwards.

    Raises Invalid where the files of a relation do not have its columns.
    """
    import duckdb

    with (
        # The engine may read and write there, so the folder has nothing else.
        TemporaryDirectory(dir=scratch, prefix="counting-") as spill,
        duckdb.connect(":memory:", config={"python_enable_replacements": False}) as connection,
    ):
        _close(connection, [path for paths in facts.values() for path in paths], spill, memory_mb, threads)
        for name, paths in facts.items():
            _show(connection, RELATIONS[name], paths)
        connection.execute("SET lock_configuration = true")
        yield connection


def counted(connection: "DuckDBPyConnection", statements: Sequence[Statement], groupings: int) -> Counted:
    """Return the counts of all statements together, grouped by that many columns."""
    found: Counted = {}
    for statement in statements:
        for number, *values in connection.execute(statement.duckdb).fetchall():
            key = (number, tuple(values[:groupings]))
            amounts = (Fraction(amount) for amount in values[groupings:])
            found.setdefault(key, {}).update(zip(statement.names, amounts, strict=True))
    return found


def _close(connection: "DuckDBPyConnection", files: Sequence[Path], spill: str, memory_mb: int, threads: int) -> None:
    settings = {
        "memory_limit": f"'{memory_mb}MB'",
        "threads": str(threads),
        "temp_directory": _text(spill),
        "allowed_paths": f"[{', '.join(_text(str(path)) for path in files)}]",
        "autoinstall_known_extensions": "false",
        "autoload_known_extensions": "false",
        "enable_external_access": "false",
    }
    for name, value in settings.items():
        connection.execute(f"SET {name} = {value}")


def _show(connection: "DuckDBPyConnection", relation: FactRelation, paths: Sequence[Path]) -> None:
    """Make a relation visible by its name; refuse files whose columns are not the published ones.

    A column that was not published yet at the moment of the facts is empty.
    """
    files = ", ".join(_text(str(path)) for path in paths)
    known = {name: kind for name, kind, *_ in connection.execute(f"DESCRIBE FROM read_parquet([{files}])").fetchall()}
    if faults := [*_column_faults(relation, known)]:
        raise Invalid(faults, code="facts")
    columns = ", ".join(
        column.name if column.name in known else f"CAST(NULL AS {IN_DUCKDB[column.type]}) AS {column.name}"
        for column in relation.columns
    )
    connection.execute(f"CREATE VIEW {relation.name} AS SELECT {columns} FROM read_parquet([{files}])")  # noqa: S608


def _column_faults(relation: FactRelation, found: Mapping[str, str]) -> Iterator[Fault]:
    for column in relation.columns:
        field, wanted = f"{relation.name}.{column.name}", IN_DUCKDB[column.type]
        if column.name not in found:
            if column.name in relation.key:
                yield Fault(field, "facts-column-missing", {"wanted": wanted})
        elif found[column.name] != wanted:
            yield Fault(field, "facts-column-type", {"wanted": wanted, "found": found[column.name]})


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
