"""The city's own keys, in HOME/keys: one for personal data, one for checkpoints, one for sessions.

A key is made once and never replaced; it is covered by the backup. Losing it loses what it protects.
"""

import os
import secrets
from functools import lru_cache
from pathlib import Path

LENGTH = 32  # bytes


@lru_cache(maxsize=16)
def key(home: Path, name: str) -> bytes:
    """Return the key of that name, making it when the city has none yet. Safe when two processes ask at once."""
    folder = home / "keys"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / name
    if not path.exists():
        _make(path)
    content = bytes.fromhex(path.read_text().strip())
    if len(content) != LENGTH:
        raise ValueError(f"{path} is not a key of {LENGTH} bytes; restore it from the backup")
    return content


def _make(path: Path) -> None:
    draft = path.with_name(f".{path.name}-{os.getpid()}-{secrets.token_hex(4)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write(secrets.token_hex(LENGTH))
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(draft, path)  # fails when another process was first: its key stands
    except FileExistsError:
        pass
    finally:
        draft.unlink()
