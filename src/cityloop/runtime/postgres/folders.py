"""Where the embedded server's files are below HOME, and the private folder of its socket. Nothing is started here."""

import os
import stat
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from cityloop.core.errors import NotPossible
from cityloop.runtime.postgres.faults import home_of_another

PORT = 5432  # only part of the socket's name: the server does not listen on a network
SOCKET = f".s.PGSQL.{PORT}"
LONGEST_PATH = 103 if sys.platform == "darwin" else 107  # bytes the kernel keeps for a socket's path


@dataclass(frozen=True, slots=True)
class Folders:
    """The embedded server's folders and files below one home."""

    home: Path

    @property
    def data(self) -> Path:
        return self.home / "postgres"

    @property
    def draft(self) -> Path:
        """Return where a new cluster is created; it gets its real name when it is complete."""
        return self.home / ".postgres-new"

    @property
    def run(self) -> Path:
        return self.home / "run"

    @property
    def users(self) -> Path:
        return self.run / "users"

    @property
    def lock(self) -> Path:
        """Return the file whose lock is held by the one command that starts or stops the server."""
        return self.run / "lock"

    @property
    def life(self) -> Path:
        """Return the file whose lock the server's own processes hold as long as one of them lives."""
        return self.run / "server.lock"

    @property
    def log(self) -> Path:
        return self.home / "logs" / "postgres.log"

    def make(self) -> None:
        """Make the missing folders, closed to others; close `run` where it was open."""
        self.home.mkdir(mode=0o700, parents=True, exist_ok=True)
        for folder in (self.run, self.users, self.log.parent):
            folder.mkdir(mode=0o700, exist_ok=True)
        if not _private(self.run):
            self._close_run()

    def socket_folder(self) -> Path:
        """Return the folder of the socket: `run`, or a private folder elsewhere where that path is too long."""
        if _fits(self.run):
            return self.run
        recorded = self.run / "socket-folder"
        folder = Path(recorded.read_text()) if recorded.exists() else None
        if folder is None or not _private(folder):
            folder = _new_private_folder(self.run)
            recorded.write_text(str(folder))
        return folder

    def _close_run(self) -> None:
        if self.run.is_symlink() or self.run.stat().st_uid != os.geteuid():
            raise home_of_another(self.run)
        self.run.chmod(0o700)


def _fits(folder: Path) -> bool:
    return len(os.fsencode(folder / SOCKET)) <= LONGEST_PATH


def _private(folder: Path) -> bool:
    """Return whether it is a real folder, our own and closed to others, who can write in temporary folders."""
    try:
        facts = folder.lstat()
    except OSError:
        return False
    return stat.S_ISDIR(facts.st_mode) and facts.st_uid == os.geteuid() and not facts.st_mode & 0o077


def _new_private_folder(wanted: Path) -> Path:
    """Make a folder with an unguessable name, 0700 from the start, in the first place with a short path."""
    for parent in (os.environ.get("XDG_RUNTIME_DIR", ""), tempfile.gettempdir(), "/tmp"):  # noqa: S108  # made by mkdtemp
        if parent and os.access(parent, os.W_OK) and _fits(Path(parent) / "cityloop-12345678"):
            return Path(tempfile.mkdtemp(prefix="cityloop-", dir=parent))
    raise NotPossible("socket-path-too-long", {"path": wanted, "most": LONGEST_PATH})
