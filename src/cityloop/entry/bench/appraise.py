"""The bench of appraisals: every indicator of GB/T 30428.4 for twelve months, over drawn facts, beside a plain count.

Departments are told apart by unit, areas by street. The floor is one GROUP BY of the same engine over the same files:
how many cases and tasks there are by unit, or by street, and month. Dividing and rounding are told apart from counting.
"""

import multiprocessing
import tempfile
import time as timer
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from cityloop.core.indicators.indicator import Subject
from cityloop.entry.bench.workload.facts import AS_OF, draw
from cityloop.entry.console.opening import Tell
from cityloop.evaluation.indicators.figures import Figures, asked
from cityloop.evaluation.indicators.texts import read_book
from cityloop.evaluation.measures.compiling import Question
from cityloop.evaluation.measures.engine import Counted, counted, opened
from cityloop.evaluation.periods import Rhythm, read_period
from cityloop.registry.packs.reading import SHIPPED

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

AIM, AIMED_AT = 10.0, 10_000_000  # seconds for all units and twelve months, and how many cases
MEMORY_MB, THREADS = 1024, 2
ROUNDS = 2  # the fastest counts: what else the machine does only slows
ASKED = ((Subject.DEPARTMENT, "unit"), (Subject.AREA, "street"))
ZONE = ZoneInfo("Asia/Shanghai")

Files = Mapping[str, Sequence[Path]]


@dataclass(frozen=True, slots=True, order=True)
class Seconds:
    """How long something took by the clock, and how much of it processors worked, both together."""

    passed: float
    worked: float


@dataclass(frozen=True, slots=True)
class AppraisalFigures:
    """What was measured of the indicators that speak of one subject."""

    by: str
    indicators: int
    counting: Seconds
    floor: Seconds
    figures: int
    reckoning: float  # seconds of dividing and rounding

    @property
    def ratio(self) -> float:
        return self.floor.passed / self.counting.passed


@dataclass(frozen=True, slots=True)
class Measured:
    """What was measured of all, and how much memory the process took at its most, in bytes."""

    figures: tuple[AppraisalFigures, ...]
    peak: int
    rows: Mapping[str, int]


def measure(folder: Path | None, cases: int, tell: Tell) -> Measured:
    """Draw the facts of so many cases, and measure in a process of its own."""
    with tempfile.TemporaryDirectory(prefix="cityloop-bench-", dir=folder) as home:
        files = draw(Path(home), cases, tell)
        alone = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(1, mp_context=alone) as process:
            return process.submit(_measured, files, Path(home)).result()


def _measured(files: Files, scratch: Path) -> Measured:
    with opened(files, scratch, memory_mb=MEMORY_MB, threads=THREADS) as engine:
        figures = tuple(_subject(engine, subject, by) for subject, by in ASKED)
        rows = {name: _value(engine, f"SELECT count(*) FROM {name}") for name in files}  # noqa: S608
    return Measured(figures, _peak(), rows)


def _subject(engine: "DuckDBPyConnection", subject: Subject, by: str) -> AppraisalFigures:
    book = read_book(SHIPPED / "gbt30428-4")
    indicators = {code: one for code, one in book.indicators.items() if subject in one.subjects}
    months = tuple(read_period(f"2026-{month:02}", Rhythm(ZONE)) for month in range(1, 13))
    question = Question(months, AS_OF, ZONE, (by,))
    found: Counted = {}
    seconds = _seconds(lambda: found.update(counted(engine, asked(book, indicators.values(), question), 1)))
    floor = _seconds(lambda: [engine.execute(plain).fetchall() for plain in _plain(by)])
    begun = timer.perf_counter()
    written = sum(1 for _ in _written(Figures(indicators, found), len(months)))
    return AppraisalFigures(by, len(indicators), seconds, floor, written, timer.perf_counter() - begun)


def _plain(by: str) -> Iterator[str]:
    for relation, moment in (("cases", "filed_at"), ("tasks", "done_at")):
        yield f"SELECT {by}, month({moment}), count(*) FROM {relation} GROUP BY ALL"  # noqa: S608


def _written(figures: Figures, periods: int) -> Iterator[str]:
    for key in figures.keys:
        for period in range(periods):
            for code in figures.indicators:
                yield figures.written(code, period, key)


def _seconds(work: Callable[[], Any]) -> Seconds:
    return min(_once(work) for _ in range(ROUNDS))


def _once(work: Callable[[], Any]) -> Seconds:
    begun, began_to_work = timer.perf_counter(), timer.process_time()
    work()
    return Seconds(timer.perf_counter() - begun, timer.process_time() - began_to_work)


def _value(engine: "DuckDBPyConnection", sql: str) -> int:
    ((value,),) = engine.execute(sql).fetchall()
    return int(value)


def _peak() -> int:
    """Return the most memory this process had, in bytes."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    raise LookupError("VmHWM")
