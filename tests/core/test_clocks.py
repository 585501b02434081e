from datetime import UTC, datetime, timedelta
from fractions import Fraction
from itertools import pairwise

import pytest
from calendars import CITY, END_OF_DAY, SEASONAL, any_calendars, calendars, law, local, moments
from hypothesis import assume, given
from hypothesis import strategies as st

from cityloop.core.clocks import worktime
from cityloop.core.clocks.counting import (
    Because,
    Clock,
    ClockEventKind,
    Fact,
    State,
    Stretch,
    counted_between,
    counted_in_all,
    counted_seconds,
    due,
    explained,
    limit_seconds,
    standing,
)
from cityloop.core.clocks.worktime import Calendar, Lamp, Limit, LimitUnit, Window
from cityloop.core.errors import NotPossible

HOUR = 3600
FOUR_HOURS = Limit(4, LimitUnit.WORK_HOUR)
ONE_DAY = Limit(1, LimitUnit.WORK_DAY)


def history(limit: Limit, *facts: tuple[str, ClockEventKind] | tuple[str, ClockEventKind, Limit]) -> Clock:
    clock = Clock(limit)
    for at, kind, *extra in facts:
        clock = clock.noted(kind, local(at), *extra)
    return clock


STARTED = ("2026-03-04 09:00", ClockEventKind.STARTED)  # a Wednesday; 08:30–12:00 and 14:00–18:00


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ([], "2026-03-04 15:00"),
        (
            [("2026-03-04 10:00", ClockEventKind.PAUSED), ("2026-03-05 10:00", ClockEventKind.RESUMED)],
            "2026-03-05 15:00",
        ),
        (
            [("2026-03-04 12:30", ClockEventKind.PAUSED), ("2026-03-04 13:30", ClockEventKind.RESUMED)],
            "2026-03-04 15:00",
        ),
        ([("2026-03-04 14:00", ClockEventKind.EXTENDED, FOUR_HOURS)], "2026-03-05 09:30"),
        ([("2026-03-04 14:00", ClockEventKind.EXTENDED, ONE_DAY)], "2026-03-05 15:00"),
        ([("2026-03-04 11:00", ClockEventKind.STOPPED)], "2026-03-04 15:00"),
        (
            [("2026-03-04 11:00", ClockEventKind.STOPPED), ("2026-03-05 09:00", ClockEventKind.CONTINUED)],
            "2026-03-05 11:00",
        ),
        (
            [("2026-03-04 11:00", ClockEventKind.STOPPED), ("2026-03-05 09:00", ClockEventKind.RESTARTED)],
            "2026-03-05 15:00",
        ),
        (
            [("2026-03-04 11:00", ClockEventKind.STOPPED), ("2026-03-05 09:00", ClockEventKind.UNSTOPPED)],
            "2026-03-04 15:00",
        ),
        ([("2026-03-04 11:00", ClockEventKind.LIMIT_REPLACED, Limit(2, LimitUnit.WORK_HOUR))], "2026-03-04 11:00"),
        ([("2026-03-04 11:00", ClockEventKind.LIMIT_REPLACED, Limit(24, LimitUnit.URGENT_HOUR))], "2026-03-05 09:00"),
        (
            [
                ("2026-03-04 10:00", ClockEventKind.EXTENDED, ONE_DAY),
                ("2026-03-04 11:00", ClockEventKind.LIMIT_REPLACED, ONE_DAY),
            ],
            "2026-03-05 09:00",
        ),
        (
            [
                ("2026-03-04 10:00", ClockEventKind.PAUSED),
                ("2026-03-04 11:00", ClockEventKind.STOPPED),
                ("2026-03-05 09:00", ClockEventKind.CONTINUED),
            ],
            "2026-03-05 12:00",
        ),
    ],
)
def test_a_clock_of_four_working_hours_is_due_by_its_history(
    facts: list[tuple[str, ClockEventKind]], expected: str
) -> None:
    found = due(history(FOUR_HOURS, STARTED, *facts), CITY)
    assert found is not None
    assert found.at == local(expected)


def test_the_windows_of_a_due_moment_skip_a_pause() -> None:
    paused = history(
        FOUR_HOURS, STARTED, ("2026-03-04 10:00", ClockEventKind.PAUSED), ("2026-03-04 14:30", ClockEventKind.RESUMED)
    )
    found = due(paused, CITY)
    assert found is not None
    assert found.windows == (
        Window(local("2026-03-04 09:00"), local("2026-03-04 10:00")),
        Window(local("2026-03-04 14:30"), local("2026-03-04 17:30")),
    )
    assert found.reached(Fraction(1, 2)) == local("2026-03-04 15:30")


def test_every_stretch_of_a_clock_says_why_it_counts_or_does_not() -> None:
    clock = history(
        FOUR_HOURS,
        STARTED,
        ("2026-03-04 10:00", ClockEventKind.PAUSED),
        ("2026-03-04 11:30", ClockEventKind.RESUMED),
        ("2026-03-04 15:00", ClockEventKind.STOPPED),
        ("2026-03-04 16:00", ClockEventKind.CONTINUED),
    )
    bounds = ("09:00", "10:00", "11:30", "12:00", "14:00", "15:00", "16:00", "17:00")
    reasons = (
        Because.WORK,
        Because.PAUSED,
        Because.WORK,
        Because.REST,
        Because.WORK,
        Because.STOPPED,
        Because.WORK,
    )
    at = [local(f"2026-03-04 {bound}") for bound in bounds]
    expected = tuple(Stretch(*each) for each in zip(at, at[1:], reasons, strict=False))
    assert explained(clock, local("2026-03-04 17:00"), CITY) == expected


def test_a_paused_clock_with_time_left_has_no_due_moment_until_it_goes_on() -> None:
    paused = history(FOUR_HOURS, STARTED, ("2026-03-04 10:00", ClockEventKind.PAUSED))
    now = local("2026-03-20 10:00")
    found = standing(paused, now, CITY)
    assert (found.state, found.counted_seconds, found.due, found.lamp) == (State.PAUSED, HOUR, None, Lamp.GREEN)
    assert explained(paused, now, CITY)[-1] == Stretch(local("2026-03-04 10:00"), now, Because.PAUSED)


def test_who_was_late_before_the_pause_stays_late() -> None:
    paused = history(FOUR_HOURS, STARTED, ("2026-03-04 16:00", ClockEventKind.PAUSED))
    found = standing(paused, local("2026-03-20 10:00"), CITY)
    assert found.due is not None
    assert found.due.at == local("2026-03-04 15:00")
    assert found.lamp is Lamp.RED


def test_an_extension_granted_during_a_pause_counts_from_the_due_moment_it_would_have() -> None:
    clock = history(
        FOUR_HOURS,
        STARTED,
        ("2026-03-04 10:00", ClockEventKind.PAUSED),
        ("2026-03-04 11:00", ClockEventKind.EXTENDED, FOUR_HOURS),
        ("2026-03-05 08:30", ClockEventKind.RESUMED),
    )
    assert limit_seconds(clock, CITY) == 8 * HOUR
    found = due(clock, CITY)
    assert found is not None
    assert found.at == local("2026-03-05 17:30")


def test_where_a_working_day_ends_with_the_day_an_extension_ends_with_a_later_one() -> None:
    clock = history(ONE_DAY, STARTED, ("2026-03-05 09:00", ClockEventKind.EXTENDED, ONE_DAY))
    found = due(clock, END_OF_DAY)
    assert found is not None
    assert found.at == local("2026-03-06 18:00")


def test_an_extension_in_working_days_is_as_long_as_the_day_on_which_it_begins() -> None:
    clock = Clock(ONE_DAY).noted(ClockEventKind.STARTED, local("2026-09-29 08:00"))  # 8 hours in summer, 7 from October
    longer = clock.noted(ClockEventKind.EXTENDED, local("2026-09-29 09:00"), Limit(2, LimitUnit.WORK_DAY))
    assert limit_seconds(clock, SEASONAL) == 8 * HOUR
    assert limit_seconds(longer, SEASONAL) == (8 + 16) * HOUR


def test_the_lamp_is_told_by_what_was_known_then() -> None:
    clock = history(FOUR_HOURS, STARTED, ("2026-03-04 16:00", ClockEventKind.EXTENDED, FOUR_HOURS))
    lamps = [
        standing(clock, local(f"2026-03-04 {at}"), CITY).lamp
        for at in ("08:00", "14:00", "14:12", "15:00", "15:01", "16:00")
    ]
    assert lamps == [Lamp.GREEN, Lamp.GREEN, Lamp.YELLOW, Lamp.YELLOW, Lamp.RED, Lamp.GREEN]


def test_a_closed_clock_is_judged_by_when_it_was_stopped() -> None:
    late = history(FOUR_HOURS, STARTED, ("2026-03-04 15:01", ClockEventKind.STOPPED))
    in_time = history(FOUR_HOURS, STARTED, ("2026-03-04 15:00", ClockEventKind.STOPPED))
    lamps = [standing(clock, local("2026-03-20 10:00"), CITY).lamp for clock in (late, in_time)]
    assert lamps == [Lamp.RED, Lamp.YELLOW]


def test_done_in_the_evening_after_the_closing_at_which_it_was_due_is_late() -> None:
    clock = history(
        Limit(8, LimitUnit.WORK_HOUR),
        ("2026-03-04 08:30", ClockEventKind.STARTED),
        ("2026-03-05 08:31", ClockEventKind.STOPPED),
    )
    found = due(history(Limit(7, LimitUnit.WORK_HOUR), ("2026-03-04 08:30", ClockEventKind.STARTED)), CITY)
    assert found is not None
    assert found.at == local("2026-03-04 17:30")
    assert standing(clock, local("2026-03-05 08:31"), CITY).lamp is Lamp.YELLOW


@pytest.mark.parametrize(
    ("kinds", "refused", "code"),
    [
        ([], ClockEventKind.PAUSED, "clock-waiting"),
        ([ClockEventKind.STARTED], ClockEventKind.STARTED, "clock-running"),
        ([ClockEventKind.STARTED], ClockEventKind.RESUMED, "clock-running"),
        ([ClockEventKind.STARTED, ClockEventKind.PAUSED], ClockEventKind.PAUSED, "clock-paused"),
        ([ClockEventKind.STARTED, ClockEventKind.STOPPED], ClockEventKind.STOPPED, "clock-stopped"),
        ([ClockEventKind.STARTED, ClockEventKind.STOPPED], ClockEventKind.PAUSED, "clock-stopped"),
    ],
)
def test_a_fact_that_cannot_follow_is_refused(kinds: list[ClockEventKind], refused: ClockEventKind, code: str) -> None:
    clock = history(FOUR_HOURS, *[("2026-03-04 09:00", kind) for kind in kinds])
    with pytest.raises(NotPossible) as caught:
        clock.noted(refused, local("2026-03-04 10:00"))
    assert caught.value.code == code


def test_facts_come_in_the_order_of_time() -> None:
    with pytest.raises(NotPossible, match="before"):
        history(FOUR_HOURS, STARTED, ("2026-03-04 08:59", ClockEventKind.PAUSED))


def test_working_time_is_not_extended_by_hours_of_the_night() -> None:
    with pytest.raises(NotPossible, match="counted as the limit is"):
        history(FOUR_HOURS, STARTED, ("2026-03-04 10:00", ClockEventKind.EXTENDED, Limit(1, LimitUnit.HOUR)))


@pytest.mark.parametrize(("kind", "limit"), [(ClockEventKind.EXTENDED, None), (ClockEventKind.PAUSED, ONE_DAY)])
def test_a_limit_comes_with_what_changes_the_limit_and_with_nothing_else(
    kind: ClockEventKind, limit: Limit | None
) -> None:
    with pytest.raises(ValueError, match="limit belongs"):
        Fact(kind, local("2026-03-04 09:00"), limit)


# The laws, over clocks with any history.

working = st.sampled_from([LimitUnit.WORK_HOUR, LimitUnit.WORK_DAY])
continuous = st.sampled_from([unit for unit in LimitUnit if unit.is_continuous])
FOLLOWING = {
    State.RUNNING: (ClockEventKind.PAUSED, ClockEventKind.EXTENDED, ClockEventKind.STOPPED),
    State.PAUSED: (ClockEventKind.RESUMED, ClockEventKind.EXTENDED, ClockEventKind.STOPPED),
    State.STOPPED: (ClockEventKind.CONTINUED, ClockEventKind.RESTARTED, ClockEventKind.UNSTOPPED),
}


@st.composite
def clocks(draw: st.DrawFn, *, restarts: bool = True) -> Clock:
    units = draw(st.sampled_from([working, continuous]))
    limits = st.builds(Limit, st.integers(1, 20), units)
    at = draw(moments)
    clock = Clock(draw(limits)).noted(ClockEventKind.STARTED, at)
    for _ in range(draw(st.integers(0, 6))):
        at += timedelta(seconds=draw(st.integers(0, 5 * 86400)))
        kinds = [kind for kind in FOLLOWING[clock.state] if restarts or kind is not ClockEventKind.RESTARTED]
        kind = draw(st.sampled_from(kinds))
        clock = clock.noted(kind, at, draw(limits) if kind is ClockEventKind.EXTENDED else None)
    return clock


@law
@given(clocks(restarts=False), st.lists(moments, min_size=2, max_size=5).map(sorted), any_calendars())
def test_counted_time_never_shrinks_nor_exceeds_the_time_that_passed(
    clock: Clock, times: list[datetime], calendar: Calendar
) -> None:
    counted = [counted_seconds(clock, now, calendar) for now in times]
    assert counted == sorted(counted)
    start = worktime.whole_second(clock.facts[0].at)
    passed = [max(0.0, (worktime.whole_second(now) - start).total_seconds()) for now in times]
    assert all(0 <= each <= most for each, most in zip(counted, passed, strict=True))


@law
@given(clocks(), st.lists(moments, min_size=2, max_size=5).map(sorted), any_calendars())
def test_a_restart_forgets_nothing_of_what_was_counted_in_all(
    clock: Clock, times: list[datetime], calendar: Calendar
) -> None:
    counted = [counted_in_all(clock, now, calendar) for now in times]
    assert counted == sorted(counted)
    assert all(
        counted_seconds(clock, now, calendar) <= all_of_it for now, all_of_it in zip(times, counted, strict=True)
    )


@law
@given(clocks(), any_calendars())
def test_a_clock_is_due_where_it_has_counted_its_limit(clock: Clock, calendar: Calendar) -> None:
    found = due(clock, calendar)
    if found is None:
        assert clock.state is State.PAUSED
        assert counted_seconds(clock, clock.facts[-1].at, calendar) < (limit_seconds(clock, calendar) or 0)
        return
    assert found.seconds == limit_seconds(clock, calendar)
    if clock.state is not State.STOPPED:
        at = max(found.at, clock.facts[-1].at)
        assert counted_seconds(clock, at, calendar) >= found.seconds
        worked = [Window(each.begins_at, each.ends_at) for each in work(clock, found.at, calendar)]
        assert list(found.windows) == worktime.joined(worked)


def work(clock: Clock, until: datetime, calendar: Calendar) -> list[Stretch]:
    return [stretch for stretch in explained(clock, until, calendar) if stretch.because is Because.WORK]


@law
@given(clocks(), moments, any_calendars())
def test_stretches_are_without_a_gap_and_their_work_is_what_was_counted(
    clock: Clock, now: datetime, calendar: Calendar
) -> None:
    known, now = clock.as_of(now), now.astimezone(UTC).replace(microsecond=0)
    stretches = explained(known, now, calendar)
    assert all(stretch.ends_at == following.begins_at for stretch, following in pairwise(stretches))
    assert not stretches or stretches[-1].ends_at == now
    counted = sum(int((each.ends_at - each.begins_at).total_seconds()) for each in work(known, now, calendar))
    assert counted == counted_seconds(clock, now, calendar)


@law
@given(clocks(), st.integers(0, 20 * 86400), st.integers(0, 20 * 86400), any_calendars())
def test_a_pause_adds_nothing(clock: Clock, after: int, length: int, calendar: Calendar) -> None:
    assume(clock.state is State.RUNNING)
    pause = clock.facts[-1].at + timedelta(seconds=after)
    end = pause + timedelta(seconds=length)
    paused = clock.noted(ClockEventKind.PAUSED, pause)
    assert counted_seconds(paused, end, calendar) == counted_seconds(clock, pause, calendar)
    again, later = paused.noted(ClockEventKind.RESUMED, end), end + timedelta(days=9)
    lost = counted_between(clock, pause, end, calendar)
    assert counted_seconds(again, later, calendar) == counted_seconds(clock, later, calendar) - lost
    assert limit_seconds(again, calendar) == limit_seconds(clock, calendar)


@law
@given(clocks(), st.integers(0, 20 * 86400), any_calendars())
def test_to_pause_and_resume_at_once_or_stop_and_continue_changes_nothing(
    clock: Clock, after: int, calendar: Calendar
) -> None:
    assume(clock.state is State.RUNNING)
    at = clock.facts[-1].at + timedelta(seconds=after)
    for first, second in (
        (ClockEventKind.PAUSED, ClockEventKind.RESUMED),
        (ClockEventKind.STOPPED, ClockEventKind.CONTINUED),
        (ClockEventKind.STOPPED, ClockEventKind.UNSTOPPED),
    ):
        assert due(clock.noted(first, at).noted(second, at), calendar) == due(clock, calendar)


@law
@given(clocks(), st.integers(1, 20), any_calendars())
def test_an_extension_adds_exactly_what_it_is_long_from_the_due_moment(
    clock: Clock, amount: int, calendar: Calendar
) -> None:
    assume(clock.state is State.RUNNING)
    extension = Limit(amount, clock.unit)
    former = due(clock, calendar)
    extended = due(clock.noted(ClockEventKind.EXTENDED, clock.facts[-1].at, extension), calendar)
    assert former is not None
    assert extended is not None
    assert extended.seconds - former.seconds == worktime.due(former.at, extension, calendar).seconds
    if former.at >= clock.facts[-1].at:
        assert extended.at == worktime.due(former.at, extension, calendar).at


@law
@given(moments, st.integers(1, 40), st.sampled_from(LimitUnit), any_calendars())
def test_a_clock_with_no_more_history_than_its_start_is_due_as_the_limit_is(
    start: datetime, amount: int, unit: LimitUnit, calendar: Calendar
) -> None:
    limit = Limit(amount, unit)
    assert due(Clock(limit).noted(ClockEventKind.STARTED, start), calendar) == worktime.due(start, limit, calendar)


@law
@given(clocks(), st.integers(0, 9 * 86400), calendars())
def test_a_restart_has_the_whole_limit_and_a_continuation_what_is_left(
    clock: Clock, after: int, calendar: Calendar
) -> None:
    assume(clock.facts)
    if clock.state is not State.STOPPED:
        clock = clock.noted(ClockEventKind.STOPPED, clock.facts[-1].at + timedelta(hours=1))
    at = clock.facts[-1].at + timedelta(seconds=after)
    restarted = due(clock.noted(ClockEventKind.RESTARTED, at), calendar)
    continued = clock.noted(ClockEventKind.CONTINUED, at)
    assert restarted == worktime.due(at, clock.limit, calendar)
    assert counted_seconds(continued, at, calendar) == counted_seconds(clock, at, calendar)
    assert limit_seconds(continued, calendar) == limit_seconds(clock, calendar)


@law
@given(clocks(), moments, calendars())
def test_what_was_known_then_does_not_depend_on_what_came_later(
    clock: Clock, now: datetime, calendar: Calendar
) -> None:
    assert standing(clock, now, calendar) == standing(clock.as_of(now), now, calendar)
