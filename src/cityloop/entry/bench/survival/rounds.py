"""The survival benchmark: in every round a process of a running city is killed, or all of them, while reports come in.

Only where the supervisor itself was killed is `serve` started again, as an operating system does.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import chain, islice
from pathlib import Path
from random import Random
from statistics import median

from cityloop.core.errors import NotPossible
from cityloop.entry.bench.city import opened_again, settle
from cityloop.entry.bench.intake import SENDER, report_order
from cityloop.entry.bench.survival import proof
from cityloop.entry.bench.survival.served import served
from cityloop.entry.bench.survival.watching import ADOPTED, ALONE, LIMIT, POWER_CUT, SUPERVISOR, Recovery, Watch
from cityloop.entry.bench.workload.acting import real_step
from cityloop.entry.bench.workload.persisting import Acting, Client, PersistentSender
from cityloop.entry.console.opening import Tell
from cityloop.runtime.configuration import Configuration

TURNS = (*((kind,) for kind in ALONE), (SUPERVISOR, ADOPTED), (POWER_CUT,))  # the next supervisor adopts the database
KINDS = tuple(chain.from_iterable(TURNS))
LATEST = 1.0  # seconds from a recovery to the next kill, at most
JOBS_SECONDS = 300.0  # for limits to be noted whose worker was killed


@dataclass(slots=True)
class SurvivalFigures:
    """What happened in the rounds, and what was found afterwards."""

    recoveries: dict[str, list[Recovery]] = field(default_factory=dict)  # by kind
    not_back: Counter[str] = field(default_factory=Counter)  # by kind
    unexpected: Counter[str] = field(default_factory=Counter)  # answers other than an acknowledgement or 503
    acknowledged: int = 0
    stored_before: int = 0  # of them: those that a request had stored whose answer was lost
    actions: int = 0
    broken: int = 0  # attempts of both that were refused for now or not answered
    lost: int = 0
    doubled: int = 0
    not_done_once: int = 0
    without_timer: int = 0
    altered: int = 0
    exit_code: int = 0

    def faults(self) -> dict[str, int]:
        """Return what should be 0 and is not."""
        counted = {
            "reports lost": self.lost,
            "reports doubled": self.doubled,
            "actions not done exactly once": self.not_done_once,
            "limits without a timer": self.without_timer,
            "not back by itself": self.not_back.total(),
            "unexpected answers": self.unexpected.total(),
            "findings of verify": self.altered,
            "exit code at the end": self.exit_code,
        }
        return {name: number for name, number in counted.items() if number}


def spread(seconds: Sequence[float]) -> tuple[float, float, float]:
    """Return the median, the 95th percentile and the longest."""
    ordered = sorted(seconds)
    return median(ordered), ordered[min(int(0.95 * len(ordered)), len(ordered) - 1)], ordered[-1]


def measure(home: Path, rounds: int, seed: int, connections: int, tell: Tell, *, is_new: bool) -> SurvivalFigures:
    """Kill in so many rounds, then look for what is lost or doubled."""
    with opened_again(home, tell) as configuration:
        token, accept = _prepare(is_new)
    figures = SurvivalFigures()
    with served(home) as city:
        order = report_order(city.port, token)
        senders = [PersistentSender(replace(order, prefix=f"S{number}")) for number in range(connections)]
        desk = Acting(accept, _newest_case(senders))
        watch = Watch(configuration, city, PersistentSender(replace(order, prefix="W")))
        if watch.recovery() is None:
            raise NotPossible("server-ended")
        with _at_work([*senders, desk]):
            _kill(figures, watch, rounds, Random(seed), tell)  # noqa: S311  # the same rounds every time
        figures.without_timer = _without_timer(watch)
        figures.exit_code = city.end()
    _count(figures, [*senders, watch.sender], desk)
    with opened_again(home, tell) as configuration:
        _prove(figures, configuration, [*senders, watch.sender], desk)
    return figures


def _prepare(is_new: bool) -> tuple[str, Callable[[str], None]]:
    """Return a token for senders, and what accepts a case."""
    from cityloop.entry.commands.accounts import token_for
    from cityloop.entry.demo.script import script

    if is_new:
        settle()
    step = real_step(script().districts[0].code)
    return token_for(SENDER, (), lambda _: None), lambda number: step(number, 1, "accept", "operator")


def _newest_case(senders: Sequence[PersistentSender]) -> Callable[[], str | None]:
    """Return a function that gives a case just acknowledged, each once."""
    given: set[str] = set()

    def newest() -> str | None:
        last = {sender.receipts[-1][1] for sender in senders if sender.receipts}
        number = next(iter(last - given), None)
        given.update([number] if number else [])
        return number

    return newest


@contextmanager
def _at_work(clients: Sequence[Client]) -> Iterator[None]:
    """Have the clients at work during the block; then each finishes what it began."""
    for client in clients:
        client.start()
    yield
    for client in clients:
        client.stopping.set()
    for client in clients:
        client.join(LIMIT)
        if client.is_alive():
            raise NotPossible("city-not-back", {"seconds": f"{LIMIT:.0f}"})


def _kill(figures: SurvivalFigures, watch: Watch, rounds: int, chance: Random, tell: Tell) -> None:
    for number, kind in enumerate(islice(_kinds(chance), rounds), start=1):
        time.sleep(chance.uniform(0, LATEST))
        recovery = watch.after_kill(kind, chance)
        if recovery is None:
            tell(f"{number} {kind}: not back. {watch.city.last_words()}")
            figures.not_back[kind] += 1
            watch.start_over()
        else:
            tell(f"{number} {kind}: {recovery.answered:.1f} s, complete {recovery.complete:.1f} s")
            figures.recoveries.setdefault(kind, []).append(recovery)


def _kinds(chance: Random) -> Iterator[str]:
    while True:
        yield from chain.from_iterable(chance.sample(TURNS, len(TURNS)))


def _without_timer(watch: Watch) -> int:
    """Wait until everything is delivered and noted; return how many limits have no timer."""
    watch.recovery()  # a last report, which every subscriber has got
    until = time.monotonic() + JOBS_SECONDS
    while (missing := proof.without_timer()) and time.monotonic() < until:
        time.sleep(1)
    return missing


def _count(figures: SurvivalFigures, senders: Sequence[PersistentSender], desk: Acting) -> None:
    figures.acknowledged = sum(len(sender.receipts) for sender in senders)
    figures.stored_before = sum(sender.stored_before for sender in senders)
    figures.actions = len(desk.accepted)
    for client in (*senders, desk):
        figures.broken += client.broken
        figures.unexpected += client.unexpected


def _prove(figures: SurvivalFigures, city: Configuration, senders: Sequence[PersistentSender], desk: Acting) -> None:
    from cityloop.entry.commands.upkeep import findings

    figures.lost, figures.doubled = proof.times_kept([receipt for sender in senders for receipt in sender.receipts])
    figures.not_done_once = proof.not_done_once(desk.accepted)
    figures.altered = len(list(findings(city)))
