from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction
from itertools import pairwise

import pytest
from calendars import (
    CITY,
    END_OF_DAY,
    HOURS,
    NEW_YORK,
    SEASONAL,
    SHANGHAI,
    any_calendars,
    calendars,
    law,
    local,
    moments,
)
from hypothesis import given
from hypothesis import strategies as st

from cityloop.core.clocks.worktime import (
    YELLOW_SHARE,
    Calendar,
    ClosingRule,
    Lamp,
    Limit,
    LimitUnit,
    Season,
    Window,
    WorkDayRule,
    counted_seconds,
    due,
    lamp,
    spent,
    windows_between,
)
from cityloop.registry.words.holidays import chinese_day_kinds


# 2026: 14 and 28 February and 20 September are make-up days, 15–23 February and 1–7 October holidays.
@pytest.mark.parametrize(
    ("start", "amount", "unit", "expected"),
    [
        ("2026-10-01 23:50", 15, LimitUnit.MINUTE, "2026-10-02 00:05"),
        ("2026-10-01 20:00", 2, LimitUnit.URGENT_HOUR, "2026-10-01 22:00"),
        ("2026-10-01 20:00", 1, LimitUnit.URGENT_DAY, "2026-10-02 20:00"),
        ("2026-10-01 20:00", 3, LimitUnit.DAY, "2026-10-04 20:00"),
        ("2026-03-04 09:00", 2, LimitUnit.WORK_HOUR, "2026-03-04 11:00"),
        ("2026-03-04 11:00", 2, LimitUnit.WORK_HOUR, "2026-03-04 15:00"),
        ("2026-03-04 12:00", 1, LimitUnit.WORK_HOUR, "2026-03-04 15:00"),
        ("2026-03-04 14:00", 4, LimitUnit.WORK_HOUR, "2026-03-04 18:00"),
        ("2026-03-04 18:00", 1, LimitUnit.WORK_HOUR, "2026-03-05 09:30"),
        ("2026-03-06 17:00", 4, LimitUnit.WORK_HOUR, "2026-03-09 11:30"),
        ("2026-03-04 15:00", 1, LimitUnit.WORK_DAY, "2026-03-05 15:00"),
        ("2026-03-04 08:30", 1, LimitUnit.WORK_DAY, "2026-03-04 18:00"),
        ("2026-03-07 10:00", 1, LimitUnit.WORK_DAY, "2026-03-09 18:00"),
        ("2026-09-30 15:00", 1, LimitUnit.WORK_DAY, "2026-10-08 15:00"),
        ("2026-09-19 15:00", 1, LimitUnit.WORK_DAY, "2026-09-20 18:00"),
        ("2026-02-13 15:00", 1, LimitUnit.WORK_DAY, "2026-02-14 15:00"),
        ("2026-02-14 15:00", 5, LimitUnit.WORK_DAY, "2026-02-28 15:00"),
    ],
)
def test_a_limit_falls_due_as_the_law_counts_it(start: str, amount: int, unit: LimitUnit, expected: str) -> None:
    assert due(local(start), Limit(amount, unit), CITY).at == local(expected)


@pytest.mark.parametrize(
    ("start", "expected"),
    [
        ("2026-03-04 15:00", "2026-03-05 18:00"),
        ("2026-03-04 07:00", "2026-03-05 18:00"),
        ("2026-03-04 20:00", "2026-03-05 18:00"),
        ("2026-03-07 10:00", "2026-03-09 18:00"),
        ("2026-09-30 09:00", "2026-10-08 18:00"),
    ],
)
def test_a_city_may_let_a_working_day_end_with_the_next_working_day(start: str, expected: str) -> None:
    found = due(local(start), Limit(1, LimitUnit.WORK_DAY), END_OF_DAY)
    assert found.at == local(expected)
    assert found.seconds == counted_seconds(local(start), found.at, LimitUnit.WORK_DAY, END_OF_DAY)


def test_the_rule_for_working_days_leaves_working_hours_alone() -> None:
    limit = Limit(9, LimitUnit.WORK_HOUR)
    start = local("2026-03-04 15:00")
    assert due(start, limit, END_OF_DAY) == due(start, limit, CITY)


def test_a_due_moment_explains_itself_as_the_windows_that_add_up_to_it() -> None:
    explained = due(local("2026-09-30 15:00"), Limit(1, LimitUnit.WORK_DAY), CITY)
    assert explained.windows == (
        Window(local("2026-09-30 15:00"), local("2026-09-30 18:00")),
        Window(local("2026-10-08 08:30"), local("2026-10-08 12:00")),
        Window(local("2026-10-08 14:00"), local("2026-10-08 15:00")),
    )


def test_a_clock_started_at_a_closing_has_its_first_window_at_the_next_opening() -> None:
    explained = due(local("2026-03-04 12:00"), Limit(1, LimitUnit.WORK_HOUR), CITY)
    assert explained.windows == (Window(local("2026-03-04 14:00"), local("2026-03-04 15:00")),)


def test_windows_that_touch_are_shown_as_one() -> None:
    around_the_clock = Calendar(UTC, ((time(0), time(8)), (time(8), time(0))))
    monday = datetime(2026, 3, 2, 6, tzinfo=UTC)
    found = due(monday, Limit(40, LimitUnit.WORK_HOUR), around_the_clock)
    assert found.windows == (Window(monday, monday + timedelta(hours=40)),)


# Summer: 08:00–12:00 and 14:30–18:30, 8 hours; from 1 October 08:30–12:00 and 13:30–17:00, 7 hours.
@pytest.mark.parametrize(
    ("start", "amount", "unit", "expected"),
    [
        ("2026-04-30 16:00", 1, LimitUnit.WORK_DAY, "2026-05-06 16:30"),
        ("2026-06-01 10:00", 1, LimitUnit.WORK_DAY, "2026-06-02 10:00"),
        ("2026-09-30 10:00", 1, LimitUnit.WORK_DAY, "2026-10-08 10:30"),
        ("2026-01-05 11:00", 2, LimitUnit.WORK_HOUR, "2026-01-05 14:30"),
        ("2026-09-30 17:30", 2, LimitUnit.WORK_HOUR, "2026-10-08 09:30"),
        ("2026-09-30 18:30", 1, LimitUnit.WORK_DAY, "2026-10-08 17:00"),
    ],
)
def test_the_hours_change_with_the_season_and_a_begun_day_keeps_its_length(
    start: str, amount: int, unit: LimitUnit, expected: str
) -> None:
    assert due(local(start), Limit(amount, unit), SEASONAL).at == local(expected)


def test_a_week_of_six_days_works_on_saturday_but_not_on_a_holiday_at_the_weekend() -> None:
    six = Calendar(SHANGHAI, HOURS, CITY.day_kinds, weekdays=frozenset(range(6)))
    assert due(local("2026-03-06 15:00"), Limit(1, LimitUnit.WORK_DAY), six).at == local("2026-03-07 15:00")
    assert due(local("2026-10-02 15:00"), Limit(1, LimitUnit.WORK_DAY), six).at == local("2026-10-08 18:00")
    assert not six.is_workday(date(2026, 10, 3))


def test_a_limit_used_up_at_a_closing_may_be_due_at_the_next_opening() -> None:
    boston = Calendar(NEW_YORK, ((time(8, 30), time(17)),), closing_rule=ClosingRule.NEXT_OPENING)
    evening = datetime(2014, 3, 7, 20, tzinfo=NEW_YORK)  # the night of 8 March loses an hour
    found = due(evening, Limit(1, LimitUnit.WORK_DAY), boston)
    assert found.at == datetime(2014, 3, 11, 8, 30, tzinfo=NEW_YORK)
    assert found.windows == (Window(found.at - timedelta(hours=24), found.at - timedelta(hours=15.5)),)
    assert found.reached(Fraction(1)) == found.at


def test_a_day_that_ends_with_its_closing_is_not_due_at_an_opening() -> None:
    with pytest.raises(ValueError, match="at that closing"):
        Calendar(SHANGHAI, HOURS, work_day_rule=WorkDayRule.END_OF_DAY, closing_rule=ClosingRule.NEXT_OPENING)


@pytest.mark.parametrize("weekdays", [frozenset(), frozenset({7})])
def test_a_week_without_sound_working_days_is_refused(weekdays: frozenset[int]) -> None:
    with pytest.raises(ValueError, match="weekdays"):
        Calendar(SHANGHAI, HOURS, weekdays=weekdays)


@pytest.mark.parametrize(("first", "second"), [((10, 1), (5, 1)), ((5, 1), (5, 1))])
def test_seasons_come_in_the_order_of_the_year(first: tuple[int, int], second: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="order of the year"):
        Calendar(SHANGHAI, (Season(*first, HOURS), Season(*second, HOURS)))


def test_a_season_begins_on_a_day_that_there_is() -> None:
    with pytest.raises(ValueError, match="day"):
        Season(2, 30, HOURS)


def test_a_year_without_a_working_day_is_passed_over() -> None:
    closed = {date(2026, 1, 1) + timedelta(days=number): False for number in range(3 * 365)}
    assert due(local("2026-03-04 10:00"), Limit(1, LimitUnit.WORK_HOUR), Calendar(SHANGHAI, HOURS, closed)).at == local(
        "2029-01-01 09:30"
    )


def test_a_limit_beyond_all_calendars_is_refused() -> None:
    seldom = Calendar(SHANGHAI, ((time(8), time(18)),), weekdays=frozenset({0}))
    with pytest.raises(OverflowError, match="9998"):
        due(local("9990-03-04 10:00"), Limit(1000, LimitUnit.WORK_DAY), seldom)


@pytest.mark.parametrize("unit", [LimitUnit.HOUR, LimitUnit.WORK_HOUR])
def test_no_time_cannot_be_spent(unit: LimitUnit) -> None:
    with pytest.raises(ValueError, match="positive"):
        spent(local("2026-03-04 10:00"), 0, unit, CITY)


def test_what_falls_due_after_the_last_announced_day_is_provisional() -> None:
    limit = Limit(1, LimitUnit.WORK_DAY)
    assert not due(local("2026-12-31 08:30"), limit, CITY).provisional
    assert due(local("2026-12-31 08:31"), limit, CITY).provisional
    assert not due(local("2026-12-31 08:31"), Limit(1, LimitUnit.URGENT_DAY), CITY).provisional


def test_a_day_that_closes_at_midnight_is_due_on_that_day() -> None:
    late = Calendar(SHANGHAI, ((time(14), time(0)),), announced_until=date(2026, 3, 4))
    found = due(local("2026-03-04 14:00"), Limit(10, LimitUnit.WORK_HOUR), late)
    assert found.at == local("2026-03-05 00:00")
    assert not found.provisional


def test_where_the_clock_is_put_forward_no_hour_counts_twice() -> None:
    night = Calendar(NEW_YORK, ((time(1), time(2, 45)), (time(3), time(4))), {date(2026, 3, 8): True})
    opening = datetime(2026, 3, 8, 6, tzinfo=UTC)
    assert night.windows_on(date(2026, 3, 8)) == (
        Window(opening, opening + timedelta(hours=1, minutes=45)),
        Window(opening + timedelta(hours=1, minutes=45), opening + timedelta(hours=2)),
    )


@pytest.mark.parametrize(
    ("counted", "expected"),
    [(0, Lamp.GREEN), (79, Lamp.GREEN), (80, Lamp.YELLOW), (100, Lamp.YELLOW), (101, Lamp.RED)],
)
def test_the_lamp_turns_yellow_at_four_fifths_and_red_beyond_the_limit(counted: int, expected: Lamp) -> None:
    assert lamp(counted, 100) is expected


def test_a_clock_that_has_not_started_has_counted_nothing() -> None:
    assert counted_seconds(local("2026-03-04 10:00"), local("2026-03-04 09:00"), LimitUnit.HOUR, CITY) == 0


@pytest.mark.parametrize("unit", [LimitUnit.HOUR, LimitUnit.WORK_HOUR])
def test_a_moment_without_its_time_zone_is_refused(unit: LimitUnit) -> None:
    naive = datetime(2026, 3, 4)  # noqa: DTZ001 - the very fault
    with pytest.raises(ValueError, match="time zone"):
        due(naive, Limit(1, unit), CITY)
    with pytest.raises(ValueError, match="time zone"):
        counted_seconds(naive, local("2026-03-05"), unit, CITY)


@pytest.mark.parametrize(
    "hours",
    [
        (),
        ((time(12), time(9)),),
        ((time(9), time(9)),),
        ((time(9), time(12)), (time(11), time(15))),
        ((time(14), time(18)), (time(9), time(12))),
        ((time(9, tzinfo=UTC), time(12)),),
        ((time(9, 0, 0, 1), time(12)),),
    ],
)
def test_a_calendar_without_sound_working_hours_is_refused(hours: tuple[tuple[time, time], ...]) -> None:
    with pytest.raises(ValueError, match="orking hours"):
        Calendar(SHANGHAI, hours)


@pytest.mark.parametrize("amount", [0, -1])
def test_a_limit_must_be_positive(amount: int) -> None:
    with pytest.raises(ValueError, match="positive"):
        Limit(amount, LimitUnit.DAY)
    with pytest.raises(ValueError, match="positive"):
        lamp(0, amount)


def test_a_later_change_of_the_holidays_needs_a_new_calendar() -> None:
    day_kinds = {date(2026, 3, 4): False}
    calendar = Calendar(SHANGHAI, HOURS, day_kinds)
    day_kinds.clear()
    assert not calendar.is_workday(date(2026, 3, 4))


def test_years_not_announced_keep_their_fixed_holidays_and_are_provisional() -> None:
    day_kinds, announced_until = chinese_day_kinds(date(2026, 9, 1), date(2099, 12, 31))
    assert date(2026, 12, 31) <= announced_until < date(2099, 1, 1)
    assert day_kinds[date(2099, 5, 1)] is False
    assert not any(day_kinds[day] for day in day_kinds if day > announced_until)


def test_a_stretch_of_days_wholly_unannounced_says_so() -> None:
    assert chinese_day_kinds(date(2099, 3, 1), date(2099, 5, 3)) == (
        {date(2099, 5, 1): False, date(2099, 5, 2): False},
        date(2099, 2, 28),
    )


@pytest.mark.parametrize(
    ("first", "last"), [(date(2003, 12, 31), date(2026, 1, 1)), (date(2026, 1, 2), date(2026, 1, 1))]
)
def test_holidays_before_2004_or_backwards_are_refused(first: date, last: date) -> None:
    with pytest.raises(ValueError, match="2004"):
        chinese_day_kinds(first, last)


# The laws of arithmetic, over calendars of any hours and holidays.

amounts = st.integers(1, 60)
units = st.sampled_from(LimitUnit)


@law
@given(moments, amounts, units, any_calendars())
def test_the_windows_of_a_due_moment_add_up_to_its_limit(
    start: datetime, amount: int, unit: LimitUnit, calendar: Calendar
) -> None:
    limit = Limit(amount, unit)
    found = due(start, limit, calendar)
    if not limit.follows_day_ends(calendar):
        assert found.seconds == limit.seconds(start, calendar)
    assert counted_seconds(start, found.at, unit, calendar) == found.seconds
    assert windows_between(start, found.at, unit, calendar) == found.windows
    assert found.at > start.replace(microsecond=0)
    if calendar.closing_rule is ClosingRule.THAT_CLOSING:
        assert found.windows[-1].closes_at == found.at


@law
@given(moments, amounts, units, any_calendars())
def test_the_moment_of_yellow_is_the_first_at_which_the_lamp_is_yellow(
    start: datetime, amount: int, unit: LimitUnit, calendar: Calendar
) -> None:
    found = due(start, Limit(amount, unit), calendar)
    yellow_at = found.reached(YELLOW_SHARE)
    counted = counted_seconds(start, yellow_at, unit, calendar)
    assert lamp(counted, found.seconds) is Lamp.YELLOW
    assert lamp(counted - 1, found.seconds) is Lamp.GREEN
    assert found.reached(Fraction(1)) == found.at


@law
@given(moments, amounts, units, any_calendars())
def test_windows_are_in_order_apart_and_in_working_time(
    start: datetime, amount: int, unit: LimitUnit, calendar: Calendar
) -> None:
    windows = due(start, Limit(amount, unit), calendar).windows
    assert all(window.seconds > 0 for window in windows)
    assert all(first.closes_at < second.opens_at for first, second in pairwise(windows))
    if not unit.is_continuous:
        assert all(calendar.is_workday(calendar.local_date(window.opens_at)) for window in windows)


@law
@given(moments, moments, amounts, units, st.one_of(calendars(), st.just(END_OF_DAY)))
def test_who_starts_later_is_never_due_earlier(
    first: datetime, other: datetime, amount: int, unit: LimitUnit, calendar: Calendar
) -> None:
    earlier, later = sorted((first, other))
    limit = Limit(amount, unit)
    assert due(earlier, limit, calendar).at <= due(later, limit, calendar).at


@law
@given(moments, amounts, amounts, units, st.one_of(calendars(), st.just(END_OF_DAY)))
def test_two_limits_one_after_the_other_are_one_limit(
    start: datetime, first: int, second: int, unit: LimitUnit, calendar: Calendar
) -> None:
    halfway = due(start, Limit(first, unit), calendar).at
    assert due(halfway, Limit(second, unit), calendar).at == due(start, Limit(first + second, unit), calendar).at


@law
@given(st.lists(moments, min_size=3, max_size=3).map(sorted), units, any_calendars())
def test_counted_time_adds_up_and_never_exceeds_the_time_that_passed(
    ordered: list[datetime], unit: LimitUnit, calendar: Calendar
) -> None:
    start, middle, end = ordered
    whole = counted_seconds(start, end, unit, calendar)
    parts = (counted_seconds(start, middle, unit, calendar), counted_seconds(middle, end, unit, calendar))
    assert whole == sum(parts)
    elapsed = end.replace(microsecond=0) - start.replace(microsecond=0)
    assert 0 <= whole <= elapsed.total_seconds()


@law
@given(moments, amounts, units, any_calendars())
def test_counting_by_totals_is_the_same_as_walking_from_day_to_day(
    start: datetime, amount: int, unit: LimitUnit, calendar: Calendar
) -> None:
    limit = Limit(amount, unit)
    assert due(start, limit, calendar).at == walked(start.replace(microsecond=0), limit, calendar)


def walked(start: datetime, limit: Limit, calendar: Calendar) -> datetime:
    """Calculate a due moment by hand: window after window, without totals."""
    if limit.unit.is_continuous:
        return start + timedelta(seconds=limit.seconds(start, calendar))
    day, today = calendar.local_date(start), calendar.local_date(start)
    left, days, spent_at = None, limit.amount, None
    while True:
        windows = calendar.windows_on(day)
        if limit.follows_day_ends(calendar):
            days -= bool(windows) and day > today
            if days == 0:
                return windows[-1].closes_at
        for opens_at, closes_at in () if limit.follows_day_ends(calendar) else windows:
            if spent_at is not None:
                return opens_at if calendar.closing_rule is ClosingRule.NEXT_OPENING else spent_at
            if closes_at <= start:
                continue
            if left is None:
                whole_day = timedelta(seconds=calendar.season_on(day).seconds)
                left = limit.amount * (timedelta(hours=1) if limit.unit is LimitUnit.WORK_HOUR else whole_day)
            passed = closes_at - max(start, opens_at)
            if left < passed:
                return max(start, opens_at) + left
            left -= passed
            spent_at = None if left else closes_at
        day += timedelta(days=1)


@law
@given(st.dates(date(2025, 1, 1), date(2027, 8, 1)), calendars())
def test_a_working_day_counts_its_whole_length_and_a_day_off_nothing(day: date, calendar: Calendar) -> None:
    midnight = datetime.combine(day, time(0), calendar.time_zone)
    counted = counted_seconds(midnight, midnight + timedelta(days=1), LimitUnit.WORK_DAY, calendar)
    assert counted == (calendar.season_on(day).seconds if calendar.is_workday(day) else 0)


def test_hours_over_midnight_belong_to_the_day_on_which_they_begin() -> None:
    nights = Calendar(SHANGHAI, ((time(8), time(12)), (time(22), time(6))), weekdays=frozenset({0}))
    monday = "2026-03-02"
    assert nights.season_on(local(f"{monday} 00:00").date()).seconds == 12 * 3600
    first, second = nights.windows_on(local(f"{monday} 00:00").date())
    assert second == (local(f"{monday} 22:00"), local("2026-03-03 06:00")) and first.seconds == 4 * 3600
    assert counted_seconds(local(f"{monday} 23:00"), local("2026-03-09 08:00"), LimitUnit.WORK_HOUR, nights) == 7 * 3600
    assert due(local("2026-03-03 05:00"), Limit(2, LimitUnit.WORK_HOUR), nights).at == local("2026-03-09 09:00")


def test_a_night_over_new_year_counts_whatever_year_is_asked_first() -> None:
    nights = Calendar(SHANGHAI, ((time(22), time(6)),), weekdays=frozenset(range(7)))
    early, late = local("2026-01-01 03:00"), local("2026-01-01 05:00")
    nights.table(int(local("2026-06-01 00:00").timestamp()), int(local("2026-06-02 00:00").timestamp()))
    assert counted_seconds(early, late, LimitUnit.WORK_HOUR, nights) == 2 * 3600


@pytest.mark.parametrize(
    "hours", [((time(8), time(12)), (time(22), time(9))), ((time(22), time(6)), (time(8), time(9)))]
)
def test_a_night_must_end_before_the_day_opens(hours: tuple[tuple[time, time], ...]) -> None:
    with pytest.raises(ValueError, match="without overlap"):
        Calendar(SHANGHAI, hours)
