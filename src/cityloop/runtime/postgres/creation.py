"""The first start: creates the cluster and writes who may connect. A folder with anything else is never overwritten."""

import shutil
import subprocess
from pathlib import Path

from cityloop.core.errors import NotPossible
from cityloop.runtime.postgres.account import ServerAccount
from cityloop.runtime.postgres.binaries import Binaries, environment
from cityloop.runtime.postgres.faults import disk_full, mentions_full_disk
from cityloop.runtime.postgres.folders import Folders

ROLE = DATABASE = "cityloop"
BUILTIN_LOCALE_SINCE = 17  # before, C.UTF-8 has to come from the C library


def create(folders: Folders, binaries: Binaries, account: ServerAccount, life: int) -> None:
    """Create the cluster with its role and empty database, completely or not at all.

    `life`: a lock that the programs hold too.
    """
    shutil.rmtree(folders.draft, ignore_errors=True)  # of a first start that was killed
    folders.draft.mkdir(mode=0o700)
    account.take(folders.draft)
    try:
        initdb = [binaries / "initdb", "-D", str(folders.draft), *_choices(binaries.major)]
        single = [binaries / "postgres", "--single", "-D", str(folders.draft), "template1"]
        for command, script in ((initdb, ""), (single, f"CREATE DATABASE {DATABASE};\n")):
            _run([*account.prefix, *command], script, folders.home, life)
        folders.draft.rename(folders.data)
    finally:
        shutil.rmtree(folders.draft, ignore_errors=True)


def missing(data: Path) -> bool:
    """Return whether there is no cluster yet; raise NotPossible for a folder with something else in it."""
    if not data.exists() or (data.is_dir() and not any(data.iterdir())):
        return True
    if not (data / "PG_VERSION").is_file():
        raise NotPossible("database-folder-foreign", {"folder": data})
    return False


def check_version(data: Path, binaries: Binaries) -> None:
    """Raise NotPossible for a cluster that another major version than the programs' wrote."""
    written, ours = (data / "PG_VERSION").read_text().strip(), binaries.major
    if written != str(ours):
        versions = {"found": written, "programs": binaries.folder, "ours": ours}
        raise NotPossible("database-version", {"what": data, **versions})


def write_access(data: Path, account: ServerAccount) -> None:
    """Admit only the caller, whom the kernel identifies to the server, as the one role."""
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


def _run(command: list[str], script: str, home: Path, life: int) -> None:
    result = subprocess.run(
        command, input=script, capture_output=True, text=True, check=False, env=environment(), pass_fds=(life,)
    )
    if result.returncode == 0 and "ERROR:" not in result.stderr:  # the single-user server exits with 0 even then
        return
    if mentions_full_disk(result.stderr):
        raise disk_full(home)
    raise NotPossible("database-not-made", {"error": result.stderr.strip()[-1000:]})
