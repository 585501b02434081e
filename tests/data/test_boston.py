"""Another city's clock: the targets that Boston gave its "Pick up Dead Animal" requests, calculated by our calendar.

Source: Boston's 311 service requests of 2013 and 2014 (data.boston.gov). Before publishing, Boston's local time was
mistaken for UTC and converted again; `moment` reverses that. The rule is one business day, 08:30–17:00 from Monday to
Friday.
"""

import os
from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pyarrow.parquet as pq
import pytest

from cityloop.core.clocks.worktime import Calendar, ClosingRule, Limit, LimitUnit, due
from cityloop.core.clocks.worktime_many import due_many

BESIDE = Path(__file__).resolve().parents[3] / "shared" / "data"
REQUESTS = Path(os.environ.get("CITYLOOP_DATA") or BESIDE) / "boston311_animal_2013-2014.parquet"
BOSTON = ZoneInfo("America/New_York")
MONDAY, THURSDAY = 0, 3
AT_ONCE = 10  # seconds: a request gets its number some seconds after the form from which its target is calculated
ONE_DAY = Limit(1, LimitUnit.WORK_DAY)

pytestmark = [
    pytest.mark.data,
    pytest.mark.skipif(
        not REQUESTS.exists(), reason=f"no real data: CITYLOOP_DATA names no folder with {REQUESTS.name}"
    ),
]


def nth(weekday: int, ordinal: int, year: int, month: int) -> date:
    """Return the n-th such weekday of a month; 0 is the last one of the month before."""
    first = date(year, month, 1)
    return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (ordinal - 1))


def legal_holidays(year: int) -> set[date]:
    """Return the legal holidays of Massachusetts at that time: Massachusetts General Laws, c. 4, § 7, 18th."""
    fixed = {date(year, month, day) for month, day in ((1, 1), (7, 4), (11, 11), (12, 25))}
    moving = {
        nth(MONDAY, 3, year, 1),  # Martin Luther King Day
        nth(MONDAY, 3, year, 2),  # Washington's Birthday
        nth(MONDAY, 3, year, 4),  # Patriots' Day
        nth(MONDAY, 0, year, 6),  # Memorial Day
        nth(MONDAY, 1, year, 9),  # Labor Day
        nth(MONDAY, 2, year, 10),  # Columbus Day
        nth(THURSDAY, 4, year, 11),  # Thanksgiving
    }
    return fixed | moving


def city_calendar(years: tuple[int, ...]) -> Calendar:
    days_off = {day: False for year in years for day in legal_holidays(year)}
    hours = ((time(8, 30), time(17)),)
    return Calendar(BOSTON, hours, days_off, closing_rule=ClosingRule.NEXT_OPENING)


# The city's system knew no holidays in 2013: some targets are on holidays. From 1 January 2014 it knows all of them.
AS_CONFIGURED = city_calendar((2014, 2015))


def moment(published: str) -> datetime:
    wall = datetime.fromisoformat(published).replace(tzinfo=BOSTON).astimezone(UTC).replace(tzinfo=None)
    return wall.replace(tzinfo=BOSTON)


@pytest.fixture(scope="module")
def requests() -> list[tuple[datetime, datetime]]:
    """The moments of opening and of the target."""
    table = pq.read_table(REQUESTS, columns=["open_dt", "sla_target_dt", "type"])
    rows = [row for row in table.to_pylist() if row["type"] == "Pick up Dead Animal"]
    return [(moment(row["open_dt"]), moment(row["sla_target_dt"])) for row in rows]


def differences(requests: list[tuple[datetime, datetime]], calendar: Calendar) -> list[int]:
    """Return the seconds from our due moment to each target."""
    return [int((target - due(opened, ONE_DAY, calendar).at).total_seconds()) for opened, target in requests]


def test_the_targets_of_two_years_follow_from_one_business_day(requests: list[tuple[datetime, datetime]]) -> None:
    found = differences(requests, AS_CONFIGURED)
    equal = sum(-AT_ONCE <= seconds <= 0 for seconds in found)
    assert len(found) == 4097
    assert equal / len(found) >= 0.97
    # The others: targets up to two minutes before ours, and nine that were set by hand, hours or days away.
    others = Counter(
        "minutes" if -120 <= seconds < -AT_ONCE else "by hand" for seconds in found if not -AT_ONCE <= seconds <= 0
    )
    assert others["by hand"] <= 9
    assert all(target <= due(opened, ONE_DAY, AS_CONFIGURED).at + timedelta(days=2) for opened, target in requests)


@pytest.mark.parametrize("years", [(), (2013, 2014, 2015)])
def test_with_other_holidays_fewer_targets_follow(
    requests: list[tuple[datetime, datetime]], years: tuple[int, ...]
) -> None:
    equal = [
        sum(-AT_ONCE <= seconds <= 0 for seconds in differences(requests, calendar))
        for calendar in (city_calendar(years), AS_CONFIGURED)
    ]
    assert equal[0] < equal[1] - 100


def test_many_at_once_give_the_same_targets(requests: list[tuple[datetime, datetime]]) -> None:
    opened = [start for start, _ in requests]
    single = [int(due(start, ONE_DAY, AS_CONFIGURED).at.timestamp()) for start in opened]
    assert due_many([int(start.timestamp()) for start in opened], ONE_DAY, AS_CONFIGURED).tolist() == single
