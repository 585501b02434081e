"""The actions benchmark: actions per second in a city with a long history, and in an empty city.

Two workers take cases by the direct path from report to closed. The floor writes as many rows and decides nothing.
Stretches of all kinds alternate, so that other load on the machine affects them equally.
"""

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from statistics import median

from cityloop.entry.bench.workload.acting import STRAIGHT, Done, Work
from cityloop.entry.bench.workload.databases import LARGE, SMALL, copy_city, go_to
from cityloop.entry.bench.workload.filling import fill
from cityloop.entry.console.opening import Tell

WORKERS = 2
FASTEST = 1500  # actions per second of one worker; enough cases are prepared for it
BATCH = 500  # reports handed in at once

_FLOOR_TABLES = """
    CREATE TABLE bench_case (id bigint PRIMARY KEY, length int NOT NULL DEFAULT 1);
    CREATE TABLE bench_task (id bigserial PRIMARY KEY, case_id bigint NOT NULL, done_at timestamptz);
    CREATE INDEX ON bench_task (case_id);
    CREATE TABLE bench_event (id bigserial PRIMARY KEY, case_id bigint NOT NULL, payload jsonb NOT NULL);
    INSERT INTO bench_case SELECT generate_series(1, 100000)
"""


@dataclass(frozen=True, slots=True)
class ActionFigures:
    """Actions per second in the empty city, with the history and of the floor; seconds of each action."""

    small: float
    large: float
    floor: float
    latencies: Sequence[float]

    @property
    def ratio(self) -> float:
        return self.large / self.floor

    def latency(self, share: float) -> float:
        """Return the seconds within which this share of the actions was done, with the history."""
        ordered = sorted(self.latencies)
        return ordered[min(int(share * len(ordered)), len(ordered) - 1)]


def measure(history: int, seconds: float, stretches: int, tell: Tell) -> ActionFigures:
    """Measure with a history of `history` events and without one, for `seconds` of each kind."""
    from cityloop.runtime import clock

    _run_sql(_FLOOR_TABLES)
    _run_sql(f"SELECT setval('casework_case_number', {history + 1})")  # the cases of the history have lower numbers
    stretch = seconds / stretches
    copy_city()
    fill(1, history, history, clock.now(), tell)
    floors, large, small = [], [], []
    for number in range(stretches):
        floors.append(_floor(number, stretches, stretch, tell))
        large.append(_stretch(f"L{number}", stretch, tell))
        go_to(SMALL)
        small.append(_stretch(f"S{number}", stretch, tell))
        go_to(LARGE)
    return ActionFigures(
        small=median(_rate(workers) for workers in small),
        large=median(_rate(workers) for workers in large),
        floor=median(_rate(workers) for workers in floors),
        latencies=[latency for workers in large for done in workers for latency in done.latencies],
    )


def _rate(workers: Sequence[Done]) -> float:
    return sum(done.actions / done.seconds for done in workers)


def _stretch(prefix: str, seconds: float, tell: Tell) -> list[Done]:
    each = int(seconds * FASTEST / len(STRAIGHT)) + 1
    numbers, district = _reported(prefix, each * WORKERS)
    shares = [numbers[worker::WORKERS] for worker in range(WORKERS)]
    done = _run_workers([Work(share, district, seconds, floor=False) for share in shares])
    tell(f"{prefix}: {_rate(done):,.0f} actions/s")
    return done


def _floor(number: int, stretches: int, seconds: float, tell: Tell) -> list[Done]:
    each = 100_000 // stretches // WORKERS
    first = number * each * WORKERS
    shares = [range(first + worker * each + 1, first + (worker + 1) * each) for worker in range(WORKERS)]
    done = _run_workers([Work([str(case) for case in share], "", seconds, floor=True) for share in shares])
    tell(f"floor: {_rate(done):,.0f}/s")
    return done


def _run_workers(works: Sequence[Work]) -> list[Done]:
    """Run each worker in a process of its own, all at once."""
    command = [sys.executable, "-m", "cityloop.entry.bench.workload.acting"]
    processes = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in works]
    for process, work in zip(processes, works, strict=True):
        if process.stdin:
            process.stdin.write(json.dumps(asdict(work)))
            process.stdin.close()
    outputs = [process.stdout.read() if process.stdout else "" for process in processes]
    for process in processes:
        process.wait()
    return [Done(**json.loads(output)) for output in outputs]


def _reported(prefix: str, count: int) -> tuple[list[str], str]:
    """Hand in `count` reports; return the numbers of their cases and a district."""
    from cityloop.entry.demo.script import script
    from cityloop.intake.actions import Receipt, receive_many
    from cityloop.intake.reports import read
    from cityloop.registry.city.current import current_city
    from cityloop.registry.models import Account
    from cityloop.registry.organisation.actors import actor_of
    from cityloop.runtime import clock

    now: datetime = clock.now()
    hotline, zone = actor_of(Account.objects.get(username="hotline")), current_city().calendar.time_zone
    numbers: list[str] = []
    for start in range(0, count, BATCH):
        reports = [
            {"channel": "12345", "external_id": f"{prefix}-{number}", "text": "路面塌陷", "category": "06013"}
            for number in range(start, min(start + BATCH, count))
        ]
        outcomes = receive_many([read(report, zone, now) for report in reports], hotline, now)
        numbers += [outcome.number for outcome in outcomes if isinstance(outcome, Receipt)]
    return numbers, script().districts[0].code


def _run_sql(statements: str) -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(statements)
