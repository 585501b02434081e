"""How far long work has come: a bar where a person looks on, a plain line now and then where none does."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar

from cityloop.entry.console.opening import Tell

Progress = Callable[[int, str], None]  # rows done, and the rest in words
QUIET = 10.0  # seconds between two plain lines


@contextmanager
def working(words: str, tell: Tell) -> Iterator[None]:
    """Show on standard error that something goes on whose length nobody knows, and how long it has taken."""
    if not sys.stderr.isatty():
        tell(words)
        yield
        return
    with Bar(
        SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn(), console=Console(stderr=True)
    ) as bar:
        bar.add_task(words, total=None)
        yield


@contextmanager
def progress(length: int, tell: Tell) -> Iterator[Progress]:
    """Show on standard error how many of `length` rows are done, and how many a second."""
    started = time.monotonic()

    def said(rows: int, words: str) -> str:
        rate = rows / max(time.monotonic() - started, 0.001)
        return f"{rows:,} rows, {rate:,.0f}/s: {words}"

    if sys.stderr.isatty():
        columns = (BarColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
        with Bar(*columns, console=Console(stderr=True)) as bar:
            task = bar.add_task("", total=length)
            yield lambda rows, words: bar.update(task, completed=rows, description=said(rows, words))
        return
    last = started

    def line(rows: int, words: str) -> None:
        nonlocal last
        if time.monotonic() - last >= QUIET:
            last = time.monotonic()
            tell(said(rows, words))

    yield line
