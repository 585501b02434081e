"""Backs up a city and restores it: its database and its folders. It knows none of the tables.

A backup may be made while the city runs. The order makes it consistent: checkpoints and facts first (they cover a part
of what the database then contains), the database in one snapshot, then keys and evidence (each is written before the
row that needs it). A restore is one transaction, whether the server is the embedded one or another, of version 15 or
later.
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

from cityloop.core.errors import NotPossible, Unavailable
from cityloop.runtime.files import archive as archives
from cityloop.runtime.files.archive import Manifest
from cityloop.runtime.postgres import binaries as programs
from cityloop.runtime.postgres.faults import disk_full, mentions_full_disk, refusing_os_errors

DUMP = "database.dump"
FOLDERS = ("checkpoints", "keys", "evidence", "facts")

# A restore waits this long for others to release the tables; its own time is not limited.
_LIMITS = """
    SET LOCAL lock_timeout = '5s';
    SET LOCAL idle_in_transaction_session_timeout = 0;
    SET LOCAL statement_timeout = 0
"""

_COPY = re.compile(rb"COPY .+ FROM stdin;\n")
# Commands of psql; a setting that servers before version 17 do not know; and an attribute that Debian's 15.20 sets on
# every column itself, which no other server knows and which it sets again.
_NOT_FOR_SERVER = re.compile(
    rb"(\\(un)?restrict |SET transaction_timeout\b|ALTER TABLE ONLY .+ ALTER COLUMN .+ SET \(pg_attver=\d+\);).*\n"
)

Tell = Callable[[str], None]
Hook = Callable[[psycopg.Connection, Manifest], None]
PATIENCE = 5.0  # seconds in which others may leave the database


def back_up(
    url: str, archive: Path, *, home: Path, made_at: datetime, binaries: Path | None = None, tell: Tell = lambda _: None
) -> Manifest:
    """Write an archive of the database and the home's folders, readable only by its owner; return its manifest."""
    tools = programs.find(binaries)
    with refusing_os_errors(archive.parent), archives.new(archive) as (writer, dump):
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
    """Restore an archive completely or not at all; return its manifest.

    `replace` is needed where the database contains anything. Existing folders are never deleted: they are moved to
    HOME/before-restore-*. `after_restore` runs in the transaction of the restore, before it is committed.
    """
    tools = programs.find(binaries)
    with refusing_os_errors(home), _staging(home) as staged, _transaction(url) as connection:
        _refuse_while_in_use(connection)
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
            versions = {"found": major, "programs": tools.folder, "ours": tools.major}
            raise NotPossible("database-version", {"what": "The server", **versions})
        return connection.info.parameter_status("server_version") or str(major)


def _pg_dump(url: str, target: Path, tools: programs.Binaries) -> None:
    # The password is passed in the environment: everybody on the machine can read a command line.
    parameters = conninfo_to_dict(url)
    password = str(parameters.pop("password", "") or "")
    environment = {**programs.environment(), **({"PGPASSWORD": password} if password else {})}
    options = ["--format=custom", "--no-owner", "--no-privileges", f"--file={target}"]
    where = f"--dbname={make_conninfo('', **parameters)}"
    result = subprocess.run(
        [tools / "pg_dump", *options, where], capture_output=True, text=True, check=False, env=environment
    )
    if result.returncode:
        raise _failure("backup-failed", result.stderr, target.parent)


def _failure(code: str, output: str, folder: Path) -> NotPossible:
    if mentions_full_disk(output):
        return disk_full(folder)
    return NotPossible(code, {"error": output.strip()[-1000:]})


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
    """Yield a transaction that is rolled back unless the block commits it; errors of the database become refusals."""
    try:
        with psycopg.connect(url) as connection:
            connection.execute(_LIMITS)
            yield connection
            connection.rollback()
    except psycopg.errors.LockNotAvailable as error:
        raise NotPossible("database-in-use") from error
    except psycopg.errors.DiskFull as error:
        raise Unavailable("disk-full", {"disk": f"database server: {error}"}) from error
    except psycopg.Error as error:
        raise NotPossible("restore-failed", {"error": str(error)}) from error


# Not everybody may see what other sessions do, but everybody may see that they have a user.
_OTHERS = """
    SELECT count(*) FROM pg_stat_activity
     WHERE datname = current_database() AND pid <> pg_backend_pid() AND usesysid IS NOT NULL
       AND coalesce(backend_type, 'client backend') = 'client backend'
"""


def _refuse_while_in_use(connection: psycopg.Connection) -> None:
    """Refuse while a city is running, even an idle one: it would continue with cached data of another history."""
    until = time.monotonic() + PATIENCE
    while (found := connection.execute(_OTHERS).fetchone()) and found[0]:
        if time.monotonic() > until:
            raise NotPossible("database-in-use")
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
        raise NotPossible("database-not-empty", {"name": found[0]})


def _empty(connection: psycopg.Connection) -> None:
    for (name,) in connection.execute(_SCHEMAS).fetchall():
        connection.execute(psycopg.sql.SQL("DROP SCHEMA {} CASCADE").format(psycopg.sql.Identifier(name)))
    if connection.execute(_OBJECTS_IN_PUBLIC).fetchone():
        connection.execute("DROP SCHEMA public CASCADE")
        connection.execute("CREATE SCHEMA public AUTHORIZATION pg_database_owner")
        connection.execute("GRANT USAGE ON SCHEMA public TO PUBLIC")


def _load(connection: psycopg.Connection, dump: Path, tools: programs.Binaries) -> None:
    """Run the dump in the open transaction, which pg_restore's own connection could not join."""
    for section in ("pre-data", "data", "post-data"):
        command = [tools / "pg_restore", "--no-owner", "--no-privileges", f"--section={section}", "--file=-", str(dump)]
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=programs.environment()
        ) as process:
            assert process.stdout and process.stderr  # noqa: S101  # both were asked for
            _run_script(connection, process.stdout, with_rows=section == "data")
            output = process.stderr.read().decode(errors="replace")
        if process.returncode:
            raise _failure("restore-failed", output, dump.parent)
    connection.execute(f"RESET ALL; {_LIMITS}")  # the dump left its own settings, such as an empty search path


def _run_script(connection: psycopg.Connection, script: IO[bytes], *, with_rows: bool) -> None:
    """Execute an SQL script. COPY blocks are recognised only `with_rows`: the body of a function may look like one."""
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
    raise NotPossible("restore-failed", {"error": "the dump in the archive ends in the middle of a table"})


@contextmanager
def _put_in_place(staged: Path, home: Path) -> Iterator[None]:
    """Replace the home's folders by the staged ones and move the old ones aside; undo this when the block fails."""
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
