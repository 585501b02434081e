"""Backs up a city and restores it: its database and its folders. No tables are known.

A backup may be made beside a running city. The order gives a whole that agrees with itself: checkpoints and facts first
(they tell of a part of what the database then holds), the database in one snapshot, then keys and evidence (each
written before the row that needs it). A restore is one transaction, whether the server is ours or another, of version
15 or later.
"""

import re
import secrets
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path
from typing import IO

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from cityloop.core.errors import NotPossible
from cityloop.runtime.files import archive as archives
from cityloop.runtime.files.archive import Manifest
from cityloop.runtime.postgres import binaries as programs
from cityloop.runtime.postgres.faults import disk_full, faults_told, speaks_of_full_disk

DUMP = "database.dump"
FOLDERS = ("checkpoints", "keys", "evidence", "facts")

# A restore waits as long as this for others to leave the tables, and may itself take as long as it takes.
_LIMITS = """
    SET LOCAL lock_timeout = '5s';
    SET LOCAL idle_in_transaction_session_timeout = 0;
    SET LOCAL statement_timeout = 0
"""

_COPY = re.compile(rb"COPY .+ FROM stdin;\n")
# psql's own words; a setting that servers before version 17 do not know; and a mark that Debian's 15.20 puts on every
# column by itself, which no other server knows and which it puts on again.
_NOT_FOR_SERVER = re.compile(
    rb"(\\(un)?restrict |SET transaction_timeout\b|ALTER TABLE ONLY .+ ALTER COLUMN .+ SET \(pg_attver=\d+\);).*\n"
)

Tell = Callable[[str], None]
Hook = Callable[[psycopg.Connection, Manifest], None]
PATIENCE = 5.0  # seconds in which others may leave the database


def back_up(
    url: str, archive: Path, *, home: Path, made_at: datetime, binaries: Path | None = None, tell: Tell = lambda _: None
) -> Manifest:
    """Write an archive of the database and the home's folders, readable by its owner alone; return what it holds."""
    tools = programs.find(binaries)
    with faults_told(archive.parent), archives.new(archive) as (writer, dump):
        server = _server_version(url, tools)
        for folder in ("checkpoints", "facts"):
            writer.add_folder(home / folder)
        tell("Reading the database.")
        _pg_dump(url, dump, tools)
        writer.add(dump, DUMP)
        for folder in ("keys", "evidence"):
            tell(f"Reading {folder}.")
            writer.add_folder(home / folder)
        return writer.close(made_at.isoformat(), server)


def restore(
    url: str,
    archive: Path,
    *,
    home: Path,
    replace: bool = False,
    binaries: Path | None = None,
    after_restore: Hook | None = None,
    tell: Tell = lambda _: None,
) -> Manifest:
    """Put back what the archive holds, wholly or not at all; return its manifest.

    `replace` is needed where the database holds anything. Folders that were there before are never deleted: they are
    set aside in HOME/before-restore-*. `after_restore` runs in the transaction of the restore, before it is final.
    """
    tools = programs.find(binaries)
    with faults_told(home), _staging(home) as staged, _transaction(url) as connection:
        _refuse_beside_others(connection)
        if not replace:
            _refuse_unless_empty(connection)
        tell("Checking the archive.")
        manifest = archives.unpack(archive, staged, (DUMP, *FOLDERS))
        tell("Loading the database.")
        _empty(connection)
        _load(connection, staged / DUMP, tools)
        if after_restore:
            after_restore(connection, manifest)
        with _put_in_place(staged, home):
            connection.commit()
    return manifest


def _server_version(url: str, tools: programs.Binaries) -> str:
    with psycopg.connect(url) as connection:
        major = connection.info.server_version // 10000
        if major > tools.major:
            sentence = (
                f"The server is PostgreSQL {major}, the programs in {tools.folder} are {tools.major} and cannot read "
                f"it. Set CITYLOOP_POSTGRES_BIN to the programs of PostgreSQL {major}."
            )
            raise NotPossible("database-version", sentence)
        return connection.info.parameter_status("server_version") or str(major)


def _pg_dump(url: str, target: Path, tools: programs.Binaries) -> None:
    # The password goes by the environment: everybody on the machine can read a command line.
    parameters = conninfo_to_dict(url)
    password = str(parameters.pop("password", "") or "")
    environment = {**programs.environment(), **({"PGPASSWORD": password} if password else {})}
    options = ["--format=custom", "--no-owner", "--no-privileges", f"--file={target}"]
    where = f"--dbname={make_conninfo('', **parameters)}"
    done = subprocess.run(
        [tools / "pg_dump", *options, where], capture_output=True, text=True, check=False, env=environment
    )
    if done.returncode:
        _refuse(done.stderr, target.parent, "backup-failed", "The database could not be read")


def _refuse(said: str, folder: Path, code: str, sentence: str) -> None:
    if speaks_of_full_disk(said):
        raise disk_full(folder)
    raise NotPossible(code, f"{sentence}: {said.strip()[-1000:]}")


@contextmanager
def _staging(home: Path) -> Iterator[Path]:
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder = home / f".restoring-{secrets.token_hex(4)}"
    folder.mkdir(mode=0o700)
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


@contextmanager
def _transaction(url: str) -> Iterator[psycopg.Connection]:
    """Give a transaction that is undone unless the block commits it; what the database refuses becomes a refusal."""
    try:
        with psycopg.connect(url) as connection:
            connection.execute(_LIMITS)
            yield connection
            connection.rollback()
    except psycopg.errors.LockNotAvailable as error:
        raise _in_use() from error
    except psycopg.errors.DiskFull as error:
        raise NotPossible("disk-full", f"The disk of the database server is full: {error}") from error
    except psycopg.Error as error:
        raise NotPossible("restore-failed", f"The database refused what was to be restored: {error}") from error


def _in_use() -> NotPossible:
    sentence = "Others are using the database. Stop the city (and every other command on it) and restore again."
    return NotPossible("database-in-use", sentence)


# What others' sessions are is not told to everybody; that they are somebody's is.
_OTHERS = """
    SELECT count(*) FROM pg_stat_activity
     WHERE datname = current_database() AND pid <> pg_backend_pid() AND usesysid IS NOT NULL
       AND coalesce(backend_type, 'client backend') = 'client backend'
"""


def _refuse_beside_others(connection: psycopg.Connection) -> None:
    """Refuse beside a running city, even an idle one: it would go on with what it remembers of another history."""
    until = time.monotonic() + PATIENCE
    while (found := connection.execute(_OTHERS).fetchone()) and found[0]:
        if time.monotonic() > until:
            raise _in_use()
        time.sleep(0.1)
        connection.execute("SELECT pg_stat_clear_snapshot()")


_SCHEMAS = """
    SELECT nspname FROM pg_namespace
     WHERE nspname NOT LIKE 'pg\\_%' AND nspname NOT IN ('information_schema', 'public')
"""
_OBJECTS_IN_PUBLIC = """
    SELECT relname::text FROM pg_class WHERE relnamespace = 'public'::regnamespace
    UNION ALL SELECT proname::text FROM pg_proc WHERE pronamespace = 'public'::regnamespace
    UNION ALL SELECT typname::text FROM pg_type WHERE typnamespace = 'public'::regnamespace
"""


def _refuse_unless_empty(connection: psycopg.Connection) -> None:
    found = connection.execute(f"{_OBJECTS_IN_PUBLIC} UNION ALL {_SCHEMAS} LIMIT 1").fetchone()
    if found:
        sentence = f"The database is not empty (it holds {found[0]}). Say so if what is there is to be replaced."
        raise NotPossible("database-not-empty", sentence)


def _empty(connection: psycopg.Connection) -> None:
    for (name,) in connection.execute(_SCHEMAS).fetchall():
        connection.execute(psycopg.sql.SQL("DROP SCHEMA {} CASCADE").format(psycopg.sql.Identifier(name)))
    if connection.execute(_OBJECTS_IN_PUBLIC).fetchone():
        connection.execute("DROP SCHEMA public CASCADE")
        connection.execute("CREATE SCHEMA public AUTHORIZATION pg_database_owner")
        connection.execute("GRANT USAGE ON SCHEMA public TO PUBLIC")


def _load(connection: psycopg.Connection, dump: Path, tools: programs.Binaries) -> None:
    """Run the dump as one part of the open transaction, which pg_restore's own connection could not join."""
    for section in ("pre-data", "data", "post-data"):
        command = [tools / "pg_restore", "--no-owner", "--no-privileges", f"--section={section}", "--file=-", str(dump)]
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=programs.environment()
        ) as process:
            assert process.stdout and process.stderr  # noqa: S101  # both were asked for
            _run_script(connection, process.stdout, with_rows=section == "data")
            said = process.stderr.read().decode(errors="replace")
        if process.returncode:
            _refuse(said, dump.parent, "restore-failed", "The dump in the archive could not be read")
    connection.execute(f"RESET ALL; {_LIMITS}")  # the dump left its own settings, such as an empty search path


def _run_script(connection: psycopg.Connection, script: IO[bytes], *, with_rows: bool) -> None:
    """Execute an SQL script. COPY blocks are looked for only where rows are: a function's body may look like one."""
    statements: list[bytes] = []
    for line in script:
        if with_rows and _COPY.fullmatch(line):
            _execute(connection, statements)
            _copy_rows(connection, line, script)
        elif not _NOT_FOR_SERVER.fullmatch(line):
            statements.append(line)
    _execute(connection, statements)


def _execute(connection: psycopg.Connection, statements: list[bytes]) -> None:
    if statements:
        connection.execute(b"".join(statements), prepare=False)
        statements.clear()


def _copy_rows(connection: psycopg.Connection, statement: bytes, script: IO[bytes]) -> None:
    with connection.cursor().copy(statement) as copy:
        for row in script:
            if row == b"\\.\n":
                return
            copy.write(row)
    raise NotPossible("restore-failed", "The dump in the archive ends in the middle of a table.")


@contextmanager
def _put_in_place(staged: Path, home: Path) -> Iterator[None]:
    """Put the staged folders in place of the home's, which are set aside; undo it when the block fails."""
    aside = home / f"before-restore-{secrets.token_hex(4)}"
    with ExitStack() as undo:
        for name in FOLDERS:
            if (home / name).exists():
                aside.mkdir(mode=0o700, exist_ok=True)
                _move(home / name, aside / name, undo)
            if (staged / name).exists():
                _move(staged / name, home / name, undo)
        archives.sync_folder(home)
        yield
        undo.pop_all()


def _move(source: Path, target: Path, undo: ExitStack) -> None:
    source.rename(target)
    undo.callback(target.rename, source)
