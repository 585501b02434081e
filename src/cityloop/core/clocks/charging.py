"""Who is charged with the counted time of a case: each holder from its own opening, nobody with returned time.

The clock of a case goes on while a task is passed from unit to unit. What a unit held and returned is nobody's: the
next unit's own clock begins when the task reaches it (counting.py). Whether a return was groundless is not judged here.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from cityloop.core.clocks.counting import Clock, counted_between, counted_in_all
from cityloop.core.clocks.worktime import Calendar


class Holding(NamedTuple):
    """A time in which somebody held the task, still holding it if `ended_at` is None; `returned`: gave it back."""

    holder: str
    opened_at: datetime
    ended_at: datetime | None = None
    returned: bool = False


@dataclass(frozen=True, slots=True)
class Charges:
    """The counted seconds of a case and whose they are; with holdings that do not overlap they add up to `total`."""

    total: int
    by_holder: Mapping[str, int]
    returned: int
    unheld: int


def charges(clock: Clock, holdings: Iterable[Holding], now: datetime, calendar: Calendar) -> Charges:
    """Return who is charged with the counted time of the case's clock; `total` − `returned` can be charged to anyone.

    ValueError if holdings overlap: for time that two hold at once, see their own clocks.
    """
    known = clock.as_of(now)
    total = counted_in_all(known, now, calendar)
    by_holder: dict[str, int] = {}
    returned, free_from = 0, None
    for holding in sorted(holdings, key=lambda holding: holding.opened_at):
        if free_from is not None and holding.opened_at < free_from:
            raise ValueError(f"{holding.holder} holds what another still holds.")
        free_from = holding.ended_at or now
        seconds = counted_between(known, holding.opened_at, min(free_from, now), calendar)
        if holding.returned:
            returned += seconds
        else:
            by_holder[holding.holder] = by_holder.get(holding.holder, 0) + seconds
    return Charges(total, by_holder, returned, total - returned - sum(by_holder.values()))
