"""How CityLoop's own processes end: with the process that started them, and in an orderly way on a signal."""

import ctypes
import os
import signal
import sys
import threading
from collections.abc import Callable
from types import FrameType

PR_SET_PDEATHSIG = 1


STARTED_BY = "CITYLOOP_STARTED_BY"  # not a setting: a process passes its number to its children


def end_with_parent(by: signal.Signals = signal.SIGTERM) -> None:
    """Ask the kernel to send a signal when the parent dies, however it dies (on Linux; elsewhere this does nothing).

    A parent that passed its number may have died before this was asked: then the process exits at once.
    """
    if sys.platform != "linux":
        return
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, by)
    if os.environ.get(STARTED_BY, str(os.getppid())) != str(os.getppid()):
        sys.exit(128 + signal.SIGTERM)


def tell_children() -> None:
    """Let the processes that are started from now on know who started them."""
    os.environ[STARTED_BY] = str(os.getpid())


def on_ending(handler: Callable[[int, FrameType | None], None], *numbers: signal.Signals) -> None:
    """Have the handler called on these signals and when the terminal is closed (SIGHUP), unless nohup ignores that."""
    is_ignored = signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    for number in (*numbers, *(() if is_ignored else (signal.SIGHUP,))):
        signal.signal(number, handler)


class Stop:
    """True once SIGINT, SIGTERM or SIGHUP was received; can be waited for."""

    def __init__(self) -> None:
        self._event = threading.Event()
        on_ending(self._receive, signal.SIGINT, signal.SIGTERM)

    def _receive(self, number: int, frame: FrameType | None) -> None:
        self._event.set()

    def __call__(self) -> bool:
        return self._event.is_set()

    def wait(self, seconds: float) -> bool:
        """Wait at most this long; return whether it is time to stop."""
        return self._event.wait(seconds)
