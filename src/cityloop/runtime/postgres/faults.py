"""Refusals for what can be wrong with the machine: a full disk, a folder of another user, missing rights."""

import errno
import pwd
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cityloop.core.errors import NotPossible, Unavailable

FULL = "No space left on device"  # as the C library writes it, in the C locale that every program here is given
QUOTA = "Disk quota exceeded"


def disk_full(folder: Path) -> Unavailable:
    """Return the refusal for a disk without room for what has to be written below a folder."""
    free_mib = shutil.disk_usage(_existing(folder)).free // 2**20
    return Unavailable("disk-full", {"disk": f"{folder}: {free_mib} MiB free"})


def home_of_another(folder: Path) -> NotPossible:
    """Return the refusal for a folder that belongs to another user."""
    uid = folder.stat().st_uid
    try:
        owner = pwd.getpwuid(uid).pw_name
    except KeyError:
        owner = f"user {uid}"
    return NotPossible("home-of-another", {"folder": folder, "owner": owner})


def mentions_full_disk(text: str) -> bool:
    """Return whether the output of a program says that the disk, or the owner's quota on it, is full."""
    return FULL in text or QUOTA in text


@contextmanager
def refusing_os_errors(folder: Path) -> Iterator[None]:
    """Turn a failure of this process to write, for lack of room or of rights, into a refusal."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise disk_full(folder) from error
        if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            raise NotPossible("folder-not-writable", {"folder": folder, "error": error}) from error
        raise


def _existing(folder: Path) -> Path:
    return next(place for place in (folder, *folder.parents) if place.exists())
