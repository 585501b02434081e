"""Shows progress on standard error: a bar on a terminal, else a plain line every few seconds."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar

from cityloop.entry.console.opening import Tell

Progress = Callable[[int, str], None]  # the number of rows done, and a text
QUIET = 10.0  # seconds between two plain lines


@contextmanager
def working(description: str, tell: Tell) -> Iterator[None]:
    """Show that work of unknown length is going on, and how long it has taken so far."""
    if not sys.stderr.isatty():
        tell(description)
        yield
        return
    with Bar(
        SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn(), console=Console(stderr=True)
    ) as bar:
        bar.add_task(description, total=None)
        yield


@contextmanager
def progress(length: int, tell: Tell) -> Iterator[Progress]:
    """Show how many of `length` rows are done, and how many per second."""
    started = time.monotonic()

    def described(rows: int, text: str) -> str:
        rate = rows / max(time.monotonic() - started, 0.001)
        return f"{rows:,} rows, {rate:,.0f}/s: {text}"

    if sys.stderr.isatty():
        columns = (BarColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
        with Bar(*columns, console=Console(stderr=True)) as bar:
            task = bar.add_task("", total=length)
            yield lambda rows, text: bar.update(task, completed=rows, description=described(rows, text))
        return
    last = started

    def line(rows: int, text: str) -> None:
        nonlocal last
        if time.monotonic() - last >= QUIET:
            last = time.monotonic()
            tell(described(rows, text))

    yield line
