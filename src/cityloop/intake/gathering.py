"""Reports that arrive at the same time become cases in one transaction; each gets its own answer after its commit.

No report waits for others to arrive: while one group is written, those that come meanwhile form the next. So a slow
disk makes the groups larger, not the reports fewer.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from threading import Lock

from cityloop.core.actors import Actor
from cityloop.intake.actions import Receipt, check_may_report, receive_many
from cityloop.intake.reports import Report


@dataclass(slots=True, eq=False)
class Arrival:
    """A report that waits for its group, and then what became of it: a receipt, or the error of this report alone."""

    report: Report
    actor: Actor
    now: datetime
    outcome: Receipt | Exception | None = None


class Gathering:
    """The reports that wait in one process; one thread at a time writes all of them."""

    def __init__(self) -> None:
        self._arrived: deque[Arrival] = deque()
        self._writing = Lock()

    def receive(self, report: Report, actor: Actor, now: datetime) -> Receipt:
        """Return or raise what `receive` does for this report, once it is committed."""
        check_may_report([report], actor)
        arrival = Arrival(report, actor, now)
        self._arrived.append(arrival)
        with self._writing:
            if arrival.outcome is None:
                self._write()
        if isinstance(arrival.outcome, Receipt):
            return arrival.outcome
        raise arrival.outcome or RuntimeError("a report was left out of its group")

    def _write(self) -> None:
        """Receive every report that waits: those of one sender and channel together."""
        groups: dict[tuple[Actor, str], list[Arrival]] = {}
        while self._arrived:
            arrival = self._arrived.popleft()
            groups.setdefault((arrival.actor, arrival.report.channel), []).append(arrival)
        for group in groups.values():
            _settle(group)


def _settle(group: Sequence[Arrival]) -> None:
    """Receive reports in one transaction; if that fails, each in its own, so that only the one at fault fails."""
    try:
        now = max(arrival.now for arrival in group)
        outcomes = receive_many([arrival.report for arrival in group], group[0].actor, now)
    except Exception as error:
        if len(group) == 1:
            group[0].outcome = error
        else:
            for arrival in group:
                _settle([arrival])
    else:
        for arrival, outcome in zip(group, outcomes, strict=True):
            arrival.outcome = outcome
