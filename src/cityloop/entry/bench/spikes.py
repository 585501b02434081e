"""The spikes benchmark: whole cases through the served city, in sudden bursts, and beside the weight of many cases.

A case is a report through the API and six forms of the workbench, by six people, until it is closed. The weight: cases
one after the other, in an empty city and in one with many cases, in turns. The spikes: calm, then more cases a second
than usual, then calm again, several times. Both cities are served by `cityloop serve` with all its processes; senders,
servers and database share the machine.
"""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from statistics import median

from cityloop.entry.bench.workload.acting import STRAIGHT
from cityloop.entry.bench.workload.databases import LARGE, SMALL, copy_city, go_to
from cityloop.entry.bench.workload.filling import catch_up, fill
from cityloop.entry.bench.workload.lifecycles import LifecycleOrder, LifecycleOutcome
from cityloop.entry.bench.workload.serving import served, size, wait_for_announcer, worked
from cityloop.entry.console.opening import Tell
from cityloop.runtime.configuration import Configuration

SENDER = "bench-sender"
WORKERS = 8  # cases at once, when they follow one after the other
STRETCHES = 3  # of each city, in turns
NORMAL = 1.5  # times the 95th percentile of the calm before the first spike
WINDOW = 5  # seconds whose 95th percentile must be normal


@dataclass(frozen=True, slots=True)
class Plan:
    """How hard to strike: for each rate, so many cases a second for `seconds`, then one a second as long."""

    cases: int
    rates: Sequence[float]
    seconds: int
    shows_page: bool


@dataclass(frozen=True, slots=True)
class Phase:
    """A stretch of time with the answers to the requests that were made in it."""

    name: str
    aimed: float  # cases a second that were begun
    begins: int
    ends: int
    answers: Sequence[tuple[float, float]]
    ended: int  # cases

    @property
    def rate(self) -> float:
        return self.ended / (self.ends - self.begins)

    def latency(self, share: float) -> float:
        """Return the seconds within which this share of the requests was answered."""
        return _share(share, (seconds for _, seconds in self.answers))

    def each_second(self, share: float) -> list[float]:
        """Return the same for the requests of each second."""
        return [_share(share, self._between(second, second + 1)) for second in range(self.begins, self.ends)]

    def normal_after(self, normal: float) -> int | None:
        """Return after how many seconds the requests of a window are answered as fast as normally; None for never."""
        for second in range(self.begins, self.ends - WINDOW + 1):
            if _share(0.95, self._between(second, second + WINDOW)) <= NORMAL * normal:
                return second - self.begins
        return None

    def _between(self, begin: float, end: float) -> Iterable[float]:
        return (seconds for began_at, seconds in self.answers if begin <= began_at < end)


@dataclass(frozen=True, slots=True)
class Weight:
    """Whole cases a second, and the seconds of processors of the serving city for each."""

    rate: float
    cost: float


@dataclass(frozen=True, slots=True)
class SpikeFigures:
    """The weight of both cities, the phases in their order, and the size of the serving city."""

    small: Weight
    large: Weight
    phases: Sequence[Phase]
    outcome: LifecycleOutcome
    memory: int  # bytes
    processes: int

    @property
    def ratio(self) -> float:
        return self.large.rate / self.small.rate

    @property
    def cost_ratio(self) -> float:
        """The same by processor time, which other work on the machine hardly disturbs."""
        return self.small.cost / self.large.cost


def measure(city: Configuration, plan: Plan, tell: Tell) -> SpikeFigures:
    """Fill the city, measure its weight, then the spikes."""
    from cityloop.runtime import clock

    order = _order(plan)
    _set_next_number(plan.cases + 1)  # the filled cases have lower numbers
    copy_city()
    small_home = city.home_folder / "small"
    shutil.copytree(city.home_folder / "keys", small_home / "keys")
    fill(1, plan.cases, plan.cases, clock.now(), tell)
    catch_up(city.home_folder, clock.now())
    with served(city.home_folder) as (port, serving):
        large = replace(order, port=port)
        go_to(SMALL)
        with served(small_home) as (small_port, small_serving):
            cities = {SMALL: (small_serving, replace(order, port=small_port)), LARGE: (serving, large)}
            weights = _weights(city.home_folder, cities, plan, tell)
        outcome, phases = _spikes(large, plan, tell)
        memory, processes = size(city.home_folder, serving)
    return SpikeFigures(weights[SMALL], weights[LARGE], phases, outcome, memory, processes)


def lines(found: SpikeFigures, cases: int) -> Iterator[str]:
    """Yield the figures in words, with their aims."""
    calm, *others = found.phases
    normal = calm.latency(0.95)
    for phase in found.phases:
        yield (
            f"{phase.name}: {phase.aimed:g} cases/s begun, {phase.rate:.1f}/s closed; "
            f"p50 {phase.latency(0.5) * 1000:,.0f} ms, p95 {phase.latency(0.95) * 1000:,.0f} ms; p95 of each second: "
            + " ".join(f"{seconds * 1000:.0f}" for seconds in phase.each_second(0.95))
        )
    for phase in others[1::2]:
        after = phase.normal_after(normal)
        yield f"{phase.name}: p95 normal again {'never' if after is None else f'after {after} s'} (aim 10 s)"
    outcome = found.outcome
    yield (
        f"{len(outcome.ended):,} cases closed; errors: {outcome.errors or 'none'} (aim none), "
        f"{outcome.unfinished} unfinished, {outcome.asked_to_wait:,} times asked to come back later"
    )
    yield f"memory: {found.memory / 2**20:,.0f} MiB in {found.processes} processes, with the database"
    for weight, where in ((found.large, f"beside {cases:,} cases"), (found.small, "in an empty city")):
        yield f"whole cases {where}: {weight.rate:.1f}/s, {weight.cost * 1000:,.0f} ms of processors each"
    yield f"ratio to an empty city: {found.ratio:.2f} (aim 0.80), by processor time {found.cost_ratio:.2f}"


def _order(plan: Plan) -> LifecycleOrder:
    from django.test import Client

    from cityloop.entry.commands.accounts import token_for
    from cityloop.entry.demo.script import script
    from cityloop.registry.models import Account

    sessions = {}
    for person in {person for _, person in STRAIGHT}:
        client = Client()
        client.force_login(Account.objects.get(username=person))
        sessions[person] = client.cookies["sessionid"].value
    token = token_for(SENDER, (), lambda _: None)
    return LifecycleOrder(0, token, sessions, script().districts[0].code, "C", plan.shows_page)


def _weights(home: Path, cities: Mapping[str, tuple[int, LifecycleOrder]], plan: Plan, tell: Tell) -> dict[str, Weight]:
    """Return the weight of each city, the median of stretches in turns; the first is not counted."""
    found: dict[str, list[Weight]] = {name: [] for name in cities}
    for stretch in range(STRETCHES + 1):
        for name, (serving, order) in cities.items():
            go_to(name)
            wait_for_announcer()
            before = worked(home, serving, name)
            outcome = _sent(replace(order, prefix=f"W{stretch}", workers=WORKERS, seconds=plan.seconds))
            cost = (worked(home, serving, name) - before) / max(len(outcome.ended), 1)
            found[name].append(Weight(len(outcome.ended) / max(outcome.ended, default=1.0), cost))
            tell(f"{name}: {found[name][-1].rate:.1f} cases/s, {cost * 1000:.0f} ms each {outcome.errors or ''}")
    return {
        name: Weight(median(each.rate for each in weights[1:]), median(each.cost for each in weights[1:]))
        for name, weights in found.items()
    }


def _spikes(order: LifecycleOrder, plan: Plan, tell: Tell) -> tuple[LifecycleOutcome, list[Phase]]:
    phases = [("calm", 1.0)]
    for turn, rate in enumerate(plan.rates, start=1):
        phases += [(f"spike {turn}", rate), (f"valley {turn}", 1.0)]
    starts = range(0, len(phases) * plan.seconds, plan.seconds)
    begins = [
        start + place / rate
        for start, (_, rate) in zip(starts, phases, strict=True)
        for place in range(round(rate * plan.seconds))
    ]
    tell(f"{len(begins):,} cases in {len(phases) * plan.seconds} s")
    outcome = _sent(replace(order, prefix="S", begins=begins))
    return outcome, [
        _phase(name, rate, start, start + plan.seconds, outcome)
        for start, (name, rate) in zip(starts, phases, strict=True)
    ]


def _phase(name: str, rate: float, begin: int, end: int, outcome: LifecycleOutcome) -> Phase:
    answers = [answer for answer in outcome.answers if begin <= answer[0] < end]
    return Phase(name, rate, begin, end, answers, sum(begin <= moment < end for moment in outcome.ended))


def _sent(order: LifecycleOrder) -> LifecycleOutcome:
    """Send cases from a process of its own; return the outcome."""
    command = [sys.executable, "-m", "cityloop.entry.bench.workload.lifecycles"]
    done = subprocess.run(command, input=json.dumps(asdict(order)), stdout=subprocess.PIPE, text=True, check=True)
    return LifecycleOutcome(**json.loads(done.stdout))


def _set_next_number(number: int) -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT setval('casework_case_number', %s)", [number])


def _share(share: float, values: Iterable[float]) -> float:
    """Return the value below which this share lies, 0 where there is none."""
    ordered = sorted(values)
    return ordered[min(int(share * len(ordered)), len(ordered) - 1)] if ordered else 0.0
