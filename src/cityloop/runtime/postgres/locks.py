"""Locks on files that the kernel releases when their holder dies. Callers say what they protect."""

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def holding(path: Path, tell: Callable[[str], None]) -> Iterator[None]:
    """Hold the lock during the block, waiting while another command holds it."""
    handle = try_lock(path)
    if handle is None:
        tell("Another command is starting or stopping the database; waiting for it.")
    while handle is None:
        time.sleep(0.05)
        handle = try_lock(path)
    try:
        yield
    finally:
        os.close(handle)


def try_lock(path: Path) -> int | None:
    """Take the lock and return the open file that holds it; None when somebody else has it."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        return None
    except BaseException:
        os.close(handle)
        raise
    return handle
