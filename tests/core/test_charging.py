from datetime import datetime, timedelta

import pytest
from calendars import CITY, any_calendars, law, local, moments
from hypothesis import given
from hypothesis import strategies as st

from cityloop.core.clocks.charging import Holding, charges
from cityloop.core.clocks.counting import Clock, ClockEventKind, counted_in_all, due
from cityloop.core.clocks.worktime import Calendar, Limit, LimitUnit

HOUR = 3600
WHOLE_CASE = Clock(Limit(2, LimitUnit.WORK_DAY)).noted(ClockEventKind.STARTED, local("2026-03-04 09:00"))
RETURNED = Holding("roads", local("2026-03-04 10:00"), local("2026-03-04 15:00"), returned=True)
NEXT = Holding("parks", local("2026-03-04 16:00"), local("2026-03-05 09:30"))


def test_time_that_came_back_is_not_charged_to_the_next_unit() -> None:
    found = charges(WHOLE_CASE, [NEXT, RETURNED], local("2026-03-05 10:30"), CITY)
    assert found.total == 9 * HOUR
    assert found.by_holder == {"parks": 3 * HOUR}
    assert found.returned == 3 * HOUR
    assert found.unheld == 3 * HOUR


def test_the_next_units_own_clock_begins_when_the_task_reaches_it() -> None:
    own = due(Clock(Limit(4, LimitUnit.WORK_HOUR)).noted(ClockEventKind.STARTED, NEXT.opened_at), CITY)
    assert own is not None
    assert own.at == local("2026-03-05 10:30")


def test_who_holds_it_twice_is_charged_for_both_times() -> None:
    again = Holding("parks", local("2026-03-05 10:00"))
    found = charges(WHOLE_CASE, [NEXT, again], local("2026-03-05 10:30"), CITY)
    assert found.by_holder == {"parks": 3 * HOUR + 1800}


def test_holdings_that_overlap_are_told_by_their_own_clocks() -> None:
    with pytest.raises(ValueError, match="still holds"):
        charges(WHOLE_CASE, [RETURNED, Holding("parks", local("2026-03-04 14:59"))], local("2026-03-05 10:30"), CITY)


@law
@given(
    moments,
    st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 5 * 86400), st.booleans()), min_size=1, max_size=6),
    st.sampled_from(LimitUnit),
    any_calendars(),
)
def test_what_was_returned_and_what_is_charged_is_the_whole_time_of_the_case(
    start: datetime, turns: list[tuple[str, int, bool]], unit: LimitUnit, calendar: Calendar
) -> None:
    clock = Clock(Limit(3, unit)).noted(ClockEventKind.STARTED, start)
    holdings, now = [], start
    for holder, length, returned in turns:
        end = now + timedelta(seconds=length)
        holdings.append(Holding(holder, now, end, returned))
        now = end
    found = charges(clock, holdings, now, calendar)
    assert found.unheld == 0
    assert found.total == counted_in_all(clock, now, calendar)
    assert found.total - found.returned == sum(found.by_holder.values())
