"""Which editions of the facts are kept: every recent one, then one a day, then one a month for good. Pure."""

from collections.abc import Iterable
from datetime import datetime, timedelta, tzinfo

EVERY_ONE = timedelta(days=2)
ONE_A_DAY = timedelta(days=100)


def kept(moments: Iterable[datetime], now: datetime, zone: tzinfo) -> frozenset[datetime]:
    """Return the moments whose editions are kept: of a day or a month, by the city's clocks, the last."""
    last: dict[object, datetime] = {}
    for moment in sorted(moments):
        day = moment.astimezone(zone).date()
        age = now - moment
        last[moment if age <= EVERY_ONE else day if age <= ONE_A_DAY else (day.year, day.month)] = moment
    return frozenset(last.values())
