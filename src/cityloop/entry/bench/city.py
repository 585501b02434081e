"""The city of a benchmark: the demo's areas, units and people in a temporary home with a database of its own."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random

from cityloop.entry.console.opening import Tell, opened
from cityloop.runtime.configuration import Configuration, variable

IGNORED = ("database_url", "packs", "postgres_bin")  # settings of a real city that must not affect the benchmark


@contextmanager
def temporary_city(folder: Path | None, tell: Tell, source: Path | None = None) -> Iterator[Configuration]:
    """Yield a city without cases; its database is durable like that of a real city, and is deleted afterwards.

    It is a copy of the home `source`, if one is given, and else a new city.
    """
    with temporary_home(folder, source) as home, opened_again(home, tell) as configuration:
        if not source:
            settle()
        yield configuration


@contextmanager
def temporary_home(folder: Path | None, source: Path | None) -> Iterator[Path]:
    """Yield a home that is deleted afterwards: a copy of `source`, if one is given, and else empty."""
    with tempfile.TemporaryDirectory(prefix="cityloop-bench-", dir=folder) as home:
        if source:
            shutil.copytree(source, home, symlinks=True, dirs_exist_ok=True)
        yield Path(home)


@contextmanager
def opened_again(home: Path, tell: Tell) -> Iterator[Configuration]:
    """Open a city whose database this process may have opened, and left, before."""
    for name in IGNORED:
        os.environ.pop(variable(name), None)
    from django.db import connections

    with opened(home, tell, runs=True) as configuration:
        try:
            yield configuration
        finally:
            connections.close_all()


def settle() -> None:
    """Store areas, units, duties and people."""
    from django.db import transaction

    from cityloop.entry.demo.people import settle as settle_demo
    from cityloop.entry.demo.script import script
    from cityloop.registry.city import current
    from cityloop.runtime import clock

    with transaction.atomic():
        settle_demo(script(), Random(script().seed), clock.now())  # noqa: S311  # the same city every time
    current.forget()


def machine() -> str:
    """Return the machine and the software of the measurement, and the load average."""
    import granian
    import psycopg
    from django import get_version
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version")
        server = cursor.fetchone()[0]
    return (
        f"{cores()}; PostgreSQL {server}, psycopg {psycopg.__version__}, Django {get_version()}, "
        f"granian {granian.__version__}"
    )


def engine() -> str:
    """Return the machine and the version of DuckDB, for figures of the counting engine."""
    import duckdb

    return f"{cores()}; DuckDB {duckdb.__version__}"


def cores() -> str:
    """Return the size of the machine and its load average."""
    import psutil

    memory = psutil.virtual_memory().total / 2**30
    averages = ", ".join(f"{load:.1f}" for load in os.getloadavg())
    return f"{psutil.cpu_count()} cores, {memory:.0f} GiB, load average {averages}"
