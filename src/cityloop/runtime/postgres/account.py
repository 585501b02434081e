"""As whom the server runs, and who may connect to it. cluster.py starts and stops it.

An ordinary user runs it as themselves. Root cannot: PostgreSQL refuses to run as user 0. Handing the folder to another
user would need every parent folder (such as /root, closed to all but root) and every parent of the programs opened, so
for root there are two possibilities, tried in this order:

1. A user namespace in which our own user has another name (`unshare --user`). Outside it the process is still root's,
   so no file changes its owner and no folder has to be opened; inside it is not a superuser and has no capability. This
   works on any Linux that lets root make user namespaces, and also for a user whose number has no name (a container).
2. Where namespaces are denied (containers with the usual filter): the unprivileged account itself, which owns only the
   data folder and has only one capability, to pass through folders that belong to root.

The server identifies its clients by what the kernel says of the other end of the socket (peer), and admits one name:
the caller's, as the server sees it. Inside a namespace every unknown user looks like the overflow user (nobody): that
account is therefore never borrowed.
"""

import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from cityloop.core.errors import NotPossible

BORROWED = ("daemon", "bin", "sys", "mail")  # in every passwd file; nobody signs in as them


@dataclass(frozen=True, slots=True)
class ServerAccount:
    """As whom the server runs: the prefix of its command, the owner of its files, the name by which it knows us."""

    prefix: tuple[str, ...]
    uid: int
    gid: int
    client: str

    def take(self, folder: Path) -> None:
        """Make the account the owner of the folder and everything in it, where it is not the owner already."""
        if folder.stat().st_uid == self.uid:
            return
        for path in (*folder.rglob("*"), folder):  # the folder last: after a kill halfway, the next start continues
            os.chown(path, self.uid, self.gid, follow_symlinks=False)

    def may_have(self, folder: Path) -> bool:
        """Return whether the folder belongs to the caller or, for root, to an account that root may borrow."""
        owner = folder.stat().st_uid
        return owner in {os.geteuid(), self.uid} or (os.geteuid() == 0 and owner in _borrowable_uids())


def choose() -> ServerAccount:
    """Return the account to run the server as on this machine; raise NotPossible where there is none."""
    name = _own_name()
    if os.geteuid() != 0 and name:
        return ServerAccount((), os.geteuid(), os.getegid(), name)
    account = _namespaced() or (_lowered() if os.geteuid() == 0 else None)
    if account is None:
        raise NotPossible("database-account", {"user": os.geteuid()})
    return account


def _namespaced() -> ServerAccount | None:
    borrowed = _borrowable()
    if borrowed is None:
        return None
    mapped = (f"--map-user={borrowed.pw_uid}", f"--map-group={borrowed.pw_gid}")
    prefix = ("unshare", "--user", *mapped, "--")
    return ServerAccount(prefix, os.geteuid(), os.getegid(), borrowed.pw_name) if _works(prefix) else None


def _lowered() -> ServerAccount | None:
    borrowed = _borrowable()
    if borrowed is None:
        return None
    identity = (f"--reuid={borrowed.pw_uid}", f"--regid={borrowed.pw_gid}", "--clear-groups", "--no-new-privs")
    capability = [f"--{kind}=-all,+dac_override" for kind in ("inh-caps", "ambient-caps", "bounding-set")]
    prefix = ("setpriv", *identity, *capability, "--")
    return ServerAccount(prefix, borrowed.pw_uid, borrowed.pw_gid, "root") if _works(prefix) else None


def _works(prefix: tuple[str, ...]) -> bool:
    if shutil.which(prefix[0]) is None:
        return False
    return subprocess.run([*prefix, "true"], capture_output=True, check=False).returncode == 0


def _own_name() -> str | None:
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return None


def _borrowable() -> pwd.struct_passwd | None:
    known = {entry.pw_name: entry for entry in pwd.getpwall()}
    barred = {0, _overflow_uid()}
    return next((known[name] for name in BORROWED if name in known and known[name].pw_uid not in barred), None)


def _borrowable_uids() -> set[int]:
    return {entry.pw_uid for entry in pwd.getpwall() if entry.pw_name in BORROWED}


def _overflow_uid() -> int:
    path = Path("/proc/sys/kernel/overflowuid")
    return int(path.read_text()) if path.exists() else 65534
