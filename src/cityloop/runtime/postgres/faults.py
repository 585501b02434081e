"""What can be wrong with a machine that a database has to live on, as refusals in words. Nothing is decided here."""

import errno
import pwd
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cityloop.core.errors import NotPossible

FULL = "No space left on device"  # the C library's words, under the C locale that every program here is given
QUOTA = "Disk quota exceeded"


def disk_full(folder: Path) -> NotPossible:
    """Return the refusal for a disk without room for what has to be written below a folder."""
    free_mib = shutil.disk_usage(_existing(folder)).free // 2**20
    sentence = f"The disk that holds {folder} is full ({free_mib} MiB free). Make room and run the command again."
    return NotPossible("disk-full", sentence)


def home_of_another(folder: Path) -> NotPossible:
    """Return the refusal for a folder that belongs to another user."""
    uid = folder.stat().st_uid
    try:
        owner = pwd.getpwuid(uid).pw_name
    except KeyError:
        owner = f"user {uid}"
    sentence = f"{folder} belongs to {owner}. Run the command as its owner, or choose another home."
    return NotPossible("home-of-another", sentence)


def speaks_of_full_disk(text: str) -> bool:
    """Return whether what a program wrote says that the disk, or the owner's share of it, is full."""
    return FULL in text or QUOTA in text


@contextmanager
def faults_told(folder: Path) -> Iterator[None]:
    """Turn this process's own failure to write, for lack of room or of right, into the refusal."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise disk_full(folder) from error
        if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            sentence = (
                f"This user may not write in {folder} ({error}). Run the command as its owner, or choose another."
            )
            raise NotPossible("folder-not-writable", sentence) from error
        raise


def _existing(folder: Path) -> Path:
    return next(place for place in (folder, *folder.parents) if place.exists())
