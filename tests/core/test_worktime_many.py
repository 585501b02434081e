from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest
from calendars import CITY, END_OF_DAY, SEASONAL, any_calendars, law, moments
from hypothesis import given
from hypothesis import strategies as st

from cityloop.core.clocks.worktime import (
    Calendar,
    ClosingRule,
    Limit,
    LimitUnit,
    counted_seconds,
    due,
)
from cityloop.core.clocks.worktime_many import counted_many, due_many

many = st.lists(moments, min_size=1, max_size=12)
units = st.sampled_from(LimitUnit)


def seconds(found: list[datetime]) -> list[int]:
    return [int(moment.replace(microsecond=0).timestamp()) for moment in found]


@law
@given(many, st.integers(1, 400), units, any_calendars())
def test_many_due_moments_are_those_of_each_alone(
    starts: list[datetime], amount: int, unit: LimitUnit, calendar: Calendar
) -> None:
    limit = Limit(amount, unit)
    alone = [due(start, limit, calendar).at for start in starts]
    assert due_many(seconds(starts), limit, calendar).tolist() == seconds(alone)


@law
@given(st.lists(st.tuples(moments, moments), min_size=1, max_size=12), units, any_calendars())
def test_many_counted_times_are_those_of_each_alone(
    pairs: list[tuple[datetime, datetime]], unit: LimitUnit, calendar: Calendar
) -> None:
    starts, ends = ([pair[side].replace(microsecond=0) for pair in pairs] for side in (0, 1))
    alone = [counted_seconds(start, end, unit, calendar) for start, end in zip(starts, ends, strict=True)]
    assert counted_many(seconds(starts), seconds(ends), unit, calendar).tolist() == alone


@law
@given(many, st.integers(1, 60), units, any_calendars())
def test_what_falls_due_has_counted_its_limit(
    starts: list[datetime], amount: int, unit: LimitUnit, calendar: Calendar
) -> None:
    limit = Limit(amount, unit)
    ends = due_many(seconds(starts), limit, calendar)
    counted = counted_many(seconds(starts), ends, unit, calendar)
    assert counted.tolist() == [due(start, limit, calendar).seconds for start in starts]


@pytest.mark.parametrize(
    "calendar", [CITY, END_OF_DAY, SEASONAL, replace(SEASONAL, closing_rule=ClosingRule.NEXT_OPENING)]
)
@pytest.mark.parametrize("unit", [LimitUnit.WORK_HOUR, LimitUnit.WORK_DAY])
def test_who_starts_at_an_opening_or_a_closing_is_treated_alike(unit: LimitUnit, calendar: Calendar) -> None:
    days = (date(2026, 1, 1) + timedelta(days=offset) for offset in range(365))
    windows = [window for day in days for window in calendar.windows_on(day)]
    starts = [edge + timedelta(seconds=by) for window in windows for edge in window for by in (-1, 0, 1)]
    limit = Limit(1, unit)
    alone = [due(start, limit, calendar).at for start in starts]
    assert due_many(seconds(starts), limit, calendar).tolist() == seconds(alone)


@pytest.mark.parametrize("unit", LimitUnit)
def test_no_clocks_have_no_due_moments(unit: LimitUnit) -> None:
    assert due_many([], Limit(1, unit), CITY).tolist() == []
    assert counted_many([], [], unit, CITY).tolist() == []


@pytest.mark.parametrize("calendar", [CITY, END_OF_DAY])
def test_a_limit_of_many_years_is_reckoned_as_well(calendar: Calendar) -> None:
    start = datetime(2026, 3, 4, 2, tzinfo=UTC)
    limit = Limit(5000, LimitUnit.WORK_DAY)
    fresh = Calendar(calendar.time_zone, calendar.hours, work_day_rule=calendar.work_day_rule)
    assert due_many(seconds([start]), limit, fresh).tolist() == seconds([due(start, limit, fresh).at])


def test_moments_that_are_no_whole_seconds_are_refused() -> None:
    with pytest.raises(TypeError):
        due_many(np.array([1.5]), Limit(1, LimitUnit.HOUR), CITY)
