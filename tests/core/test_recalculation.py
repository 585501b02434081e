from dataclasses import replace
from datetime import date, datetime, time

from calendars import CITY, HOURS, SHANGHAI, any_calendars, law, local, moments
from hypothesis import given
from hypothesis import strategies as st

from cityloop.core.clocks.counting import Clock, ClockEventKind
from cityloop.core.clocks.recalculation import RecalculationReason, recalculated
from cityloop.core.clocks.worktime import Calendar, Limit, LimitUnit
from cityloop.registry.words.holidays import chinese_day_kinds

TWO_DAYS = Limit(2, LimitUnit.WORK_DAY)
CLOCK = Clock(TWO_DAYS).noted(ClockEventKind.STARTED, local("2026-03-04 10:00"))


def with_day_off(month: int, day: int) -> Calendar:
    return replace(CITY, day_kinds={**CITY.day_kinds, date(2026, month, day): False})


def test_a_holiday_declared_in_the_middle_moves_the_due_moment_and_says_which_day() -> None:
    found = recalculated(CLOCK, CITY, with_day_off(3, 5))
    assert found is not None
    assert (found.old.at, found.new.at) == (local("2026-03-06 10:00"), local("2026-03-09 10:00"))
    assert found.why is RecalculationReason.DAYS_CHANGED
    assert found.days == (date(2026, 3, 5),)


def test_a_holiday_after_the_due_moment_changes_nothing() -> None:
    assert recalculated(CLOCK, CITY, with_day_off(3, 9)) is None


def test_other_hours_move_the_due_moment_without_a_changed_day() -> None:
    later = replace(CITY, hours=((time(9), time(12)), (time(14), time(18))))
    found = recalculated(CLOCK, CITY, later)
    assert found is not None
    assert found.why is RecalculationReason.HOURS_CHANGED
    assert found.days == ()


def test_a_year_that_is_announced_makes_provisional_moments_final() -> None:
    clock = Clock(TWO_DAYS).noted(ClockEventKind.STARTED, local("2025-12-31 10:00"))
    before = chinese_day_kinds(date(2025, 1, 1), date(2025, 12, 31))
    # As it stood before the notice for 2026: only 1 January is certain.
    old = Calendar(SHANGHAI, HOURS, {**before.day_kinds, date(2026, 1, 1): False}, before.announced_until)
    found = recalculated(clock, old, CITY)
    assert found is not None
    assert found.old.provisional
    assert not found.new.provisional
    assert found.why is RecalculationReason.ANNOUNCED
    assert found.days == (date(2026, 1, 2), date(2026, 1, 4))  # the bridge day and the Sunday worked for it
    assert (found.old.at, found.new.at) == (local("2026-01-05 10:00"), local("2026-01-05 10:00"))


def test_an_announcement_that_moves_nothing_is_told_as_well() -> None:
    clock = Clock(Limit(1, LimitUnit.WORK_DAY)).noted(ClockEventKind.STARTED, local("2026-03-04 10:00"))
    old = replace(CITY, announced_until=date(2026, 3, 4))
    found = recalculated(clock, old, CITY)
    assert found is not None
    assert (found.why, found.days, found.old.at) == (RecalculationReason.ANNOUNCED, (), found.new.at)


def test_a_paused_clock_has_nothing_to_be_recalculated_yet() -> None:
    paused = CLOCK.noted(ClockEventKind.PAUSED, local("2026-03-04 11:00"))
    assert recalculated(paused, CITY, with_day_off(3, 5)) is None


@law
@given(
    moments,
    st.integers(1, 30),
    st.sampled_from(LimitUnit),
    any_calendars(),
    st.dates(date(2025, 1, 1), date(2027, 1, 1)),
)
def test_a_further_day_off_never_brings_a_due_moment_forward(
    start: datetime, amount: int, unit: LimitUnit, calendar: Calendar, day: date
) -> None:
    clock = Clock(Limit(amount, unit)).noted(ClockEventKind.STARTED, start)
    calendar = replace(calendar, hours=calendar.seasons[:1])  # a day of another season may be shorter
    found = recalculated(clock, calendar, replace(calendar, day_kinds={**calendar.day_kinds, day: False}))
    if found is not None:
        assert found.new.at >= found.old.at
        assert found.days == (day,)
