"""The appraisal benchmark: every indicator of GB/T 30428.4 for a year of months, from generated facts, against a count.

Indicators of departments are counted by unit, those of areas by street. The floor is one GROUP BY of the same engine
over the same files: the number of cases and tasks by unit, or by street, and month. Dividing and rounding are measured
separately from counting.
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

AIM, AIMED_AT = 10.0, 10_000_000  # seconds for all units and twelve months, and the number of cases
MEMORY_MB, THREADS = 1024, 2
ROUNDS = 2  # the fastest is used: other load on the machine only slows
MEASURED = ((Subject.DEPARTMENT, "unit"), (Subject.AREA, "street"))
ZONE = ZoneInfo("Asia/Shanghai")

Files = Mapping[str, Sequence[Path]]


@dataclass(frozen=True, slots=True, order=True)
class Seconds:
    """The wall-clock time, and the processor time of all processors together."""

    passed: float
    worked: float


@dataclass(frozen=True, slots=True)
class AppraisalFigures:
    """The measured figures of the indicators of one subject."""

    by: str
    indicators: int
    counting: Seconds
    floor: Seconds
    figures: int
    dividing: float  # seconds of dividing and rounding

    @property
    def ratio(self) -> float:
        return self.floor.passed / self.counting.passed


@dataclass(frozen=True, slots=True)
class Measured:
    """All measured figures, and the peak memory of the process in bytes."""

    figures: tuple[AppraisalFigures, ...]
    peak: int
    rows: Mapping[str, int]


def measure(folder: Path | None, cases: int, tell: Tell) -> Measured:
    """Generate the facts of `cases` cases, and measure in a process of its own."""
    with tempfile.TemporaryDirectory(prefix="cityloop-bench-", dir=folder) as home:
        files = draw(Path(home), cases, tell)
        spawn = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(1, mp_context=spawn) as process:
            return process.submit(_measure_files, files, Path(home)).result()


def _measure_files(files: Files, scratch: Path) -> Measured:
    with opened(files, scratch, memory_mb=MEMORY_MB, threads=THREADS) as engine:
        figures = tuple(_measure_subject(engine, subject, by) for subject, by in MEASURED)
        rows = {name: _value(engine, f"SELECT count(*) FROM {name}") for name in files}  # noqa: S608
    return Measured(figures, _peak(), rows)


def _measure_subject(engine: "DuckDBPyConnection", subject: Subject, by: str) -> AppraisalFigures:
    book = read_book(SHIPPED / "gbt30428-4")
    indicators = {code: indicator for code, indicator in book.indicators.items() if subject in indicator.subjects}
    months = tuple(read_period(f"2026-{month:02}", Rhythm(ZONE)) for month in range(1, 13))
    question = Question(months, AS_OF, ZONE, (by,))
    counts: Counted = {}
    seconds = _seconds(lambda: counts.update(counted(engine, asked(book, indicators.values(), question), 1)))
    floor = _seconds(lambda: [engine.execute(query).fetchall() for query in _plain_queries(by)])
    began_at = timer.perf_counter()
    number = sum(1 for _ in _written(Figures(indicators, counts), len(months)))
    return AppraisalFigures(by, len(indicators), seconds, floor, number, timer.perf_counter() - began_at)


def _plain_queries(by: str) -> Iterator[str]:
    for relation, moment in (("cases", "filed_at"), ("tasks", "done_at")):
        yield f"SELECT {by}, month({moment}), count(*) FROM {relation} GROUP BY ALL"  # noqa: S608


def _written(figures: Figures, periods: int) -> Iterator[str]:
    for key in figures.keys:
        for period in range(periods):
            for code in figures.indicators:
                yield figures.written(code, period, key)


def _seconds(work: Callable[[], Any]) -> Seconds:
    return min(_time_once(work) for _ in range(ROUNDS))


def _time_once(work: Callable[[], Any]) -> Seconds:
    passed, worked = timer.perf_counter(), timer.process_time()
    work()
    return Seconds(timer.perf_counter() - passed, timer.process_time() - worked)


def _value(engine: "DuckDBPyConnection", sql: str) -> int:
    ((value,),) = engine.execute(sql).fetchall()
    return int(value)


def _peak() -> int:
    """Return the peak memory of this process in bytes."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    raise LookupError("VmHWM")
