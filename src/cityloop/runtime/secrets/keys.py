"""The city's own keys, in HOME/keys: one for personal data, one for checkpoints, one for sessions.

They are made together, once, and never replaced; the backup contains them. Losing one loses what it protects, so a
missing key is reported and not made again.
"""

import os
import secrets
import shutil
from functools import lru_cache
from pathlib import Path

from cityloop.core.errors import NotPossible
from cityloop.runtime.files.archive import sync_folder

LENGTH = 32  # bytes
NAMES = ("sessions", "personal", "checkpoints")


@lru_cache(maxsize=16)
def key(home: Path, name: str) -> bytes:
    """Return the key of that name, making all of them in a new city. Safe when two processes ask at once.

    Raise NotPossible where the key was lost or altered.
    """
    folder = home / "keys"
    if _is_new(home):
        _make(folder)
    try:
        content = bytes.fromhex((folder / name).read_text().strip())
    except FileNotFoundError:
        raise NotPossible("key-missing", {"path": folder / name}) from None
    except ValueError:
        content = b""
    if len(content) != LENGTH:
        raise NotPossible("key-damaged", {"path": folder / name})
    return content


def _is_new(home: Path) -> bool:
    """Return whether the city has no key yet and nothing that was sealed with one."""
    sealed = home / "checkpoints" / "log.jsonl"
    has_keys = (home / "keys").is_dir() and any((home / "keys").iterdir())
    return not has_keys and not (sealed.exists() and sealed.stat().st_size)


def _make(folder: Path) -> None:
    """Make every key in a draft folder that then gets its real name: all of them exist, or none."""
    draft = folder.with_name(f".keys-{secrets.token_hex(4)}")
    draft.mkdir(mode=0o700, parents=True)
    for name in NAMES:
        handle = os.open(draft / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write(secrets.token_hex(LENGTH))
            file.flush()
            os.fsync(file.fileno())
    try:
        draft.rename(folder)
    except OSError:  # it exists and is not empty: another process was first, and its keys stay
        shutil.rmtree(draft)
        if not folder.is_dir():
            raise
    sync_folder(folder)
    sync_folder(folder.parent)
