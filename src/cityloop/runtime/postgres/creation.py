"""The first start: makes the cluster and says who may connect. A folder holding anything else is never written over."""

import shutil
import subprocess
from pathlib import Path

from cityloop.core.errors import NotPossible
from cityloop.runtime.postgres.account import ServerAccount
from cityloop.runtime.postgres.binaries import Binaries, environment
from cityloop.runtime.postgres.faults import disk_full, speaks_of_full_disk
from cityloop.runtime.postgres.folders import Folders

ROLE = DATABASE = "cityloop"
BUILTIN_LOCALE_SINCE = 17  # before, C.UTF-8 has to come from the C library


def create(folders: Folders, binaries: Binaries, account: ServerAccount, life: int) -> None:
    """Make the cluster with its role and empty database, whole or not at all. `life`: a lock the programs hold too."""
    shutil.rmtree(folders.draft, ignore_errors=True)  # of a first start that was killed
    folders.draft.mkdir(mode=0o700)
    account.take(folders.draft)
    try:
        initdb = [binaries / "initdb", "-D", str(folders.draft), *_choices(binaries.major)]
        single = [binaries / "postgres", "--single", "-D", str(folders.draft), "template1"]
        for command, said in ((initdb, ""), (single, f"CREATE DATABASE {DATABASE};\n")):
            _run([*account.prefix, *command], said, folders.home, life)
        folders.draft.rename(folders.data)
    finally:
        shutil.rmtree(folders.draft, ignore_errors=True)


def missing(data: Path) -> bool:
    """Return whether there is no cluster yet; refuse a folder that holds something else."""
    if not data.exists() or (data.is_dir() and not any(data.iterdir())):
        return True
    if not (data / "PG_VERSION").is_file():
        sentence = (
            f"{data} is no PostgreSQL folder, and nothing in it was touched. Move it away or choose another home."
        )
        raise NotPossible("database-folder-foreign", sentence)
    return False


def check_version(data: Path, binaries: Binaries) -> None:
    """Refuse a cluster written by another major version than the programs'."""
    written, ours = (data / "PG_VERSION").read_text().strip(), binaries.major
    if written != str(ours):
        sentence = (
            f"{data} was written by PostgreSQL {written}; the programs in {binaries.folder} are PostgreSQL {ours} and "
            f"cannot read it. Make a backup with the CityLoop that wrote it (or set CITYLOOP_POSTGRES_BIN to the "
            f"programs of PostgreSQL {written}), move the folder away, and restore the backup with this one."
        )
        raise NotPossible("database-version", sentence)


def write_access(data: Path, account: ServerAccount) -> None:
    """Let in the caller alone, known to the server by the kernel's word, as the one role."""
    rules = {
        "pg_hba.conf": "local all all peer map=cityloop\n",
        "pg_ident.conf": f'cityloop "{account.client}" {ROLE}\n',
    }
    for name, text in rules.items():
        (data / name).write_text("# Written by CityLoop at every start.\n" + text)


def _choices(major: int) -> list[str]:
    builtin = ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    locale = builtin if major >= BUILTIN_LOCALE_SINCE else ["--locale=C.UTF-8"]
    return [f"--username={ROLE}", "--encoding=UTF8", *locale, "--data-checksums", "--auth=peer", "--no-instructions"]


def _run(command: list[str], said: str, home: Path, life: int) -> None:
    done = subprocess.run(
        command, input=said, capture_output=True, text=True, check=False, env=environment(), pass_fds=(life,)
    )
    if done.returncode == 0 and "ERROR:" not in done.stderr:  # the single-user server ends with 0 all the same
        return
    if speaks_of_full_disk(done.stderr):
        raise disk_full(home)
    raise NotPossible("database-not-made", f"The database could not be made: {done.stderr.strip()[-1000:]}")
