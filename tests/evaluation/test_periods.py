"""Periods: by the city's own clocks, half-open, from a day to a year, and where months and days begin elsewhere."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cityloop.evaluation.periods import Length, Period, Rhythm, read_period

SHANGHAI = ZoneInfo("Asia/Shanghai")
PLAIN = Rhythm(SHANGHAI)
BY_THE_19TH = Rhythm(SHANGHAI, month_begins_on=19)
BY_NOON = Rhythm(SHANGHAI, day_begins_at=time(12))

rhythms = st.builds(
    Rhythm,
    st.sampled_from([SHANGHAI, ZoneInfo("America/New_York"), UTC]),
    st.integers(1, 28),
    st.sampled_from([time(), time(12), time(7, 30)]),
)
lengths = st.sampled_from(Length)
moments = st.datetimes(datetime(1990, 1, 1), datetime(2080, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


@pytest.mark.parametrize(
    ("rhythm", "words", "start", "end"),
    [
        (PLAIN, "2026", "2026-01-01 00:00", "2027-01-01 00:00"),
        (PLAIN, "2026-H2", "2026-07-01 00:00", "2027-01-01 00:00"),
        (PLAIN, "2026-Q4", "2026-10-01 00:00", "2027-01-01 00:00"),
        (PLAIN, "2024-02", "2024-02-01 00:00", "2024-03-01 00:00"),
        (PLAIN, "2026-W01", "2025-12-29 00:00", "2026-01-05 00:00"),
        (PLAIN, "2026-06-19", "2026-06-19 00:00", "2026-06-20 00:00"),
        (PLAIN, "2026-06-19..2026-07-18", "2026-06-19 00:00", "2026-07-19 00:00"),
        (PLAIN, "2026-06-19T12:00..2026-06-20T12:00", "2026-06-19 12:00", "2026-06-20 12:00"),
        (BY_THE_19TH, "2026-07", "2026-06-19 00:00", "2026-07-19 00:00"),
        (BY_THE_19TH, "2026-01", "2025-12-19 00:00", "2026-01-19 00:00"),
        (BY_THE_19TH, "2026-Q1", "2025-12-19 00:00", "2026-03-19 00:00"),
        (BY_THE_19TH, "2026-07-01", "2026-07-01 00:00", "2026-07-02 00:00"),
        (BY_NOON, "2026-06-19", "2026-06-18 12:00", "2026-06-19 12:00"),
        (BY_NOON, "2026-06", "2026-05-31 12:00", "2026-06-30 12:00"),
    ],
)
def test_a_period_is_what_its_name_says_in_the_rhythm_of_the_city(
    rhythm: Rhythm, words: str, start: str, end: str
) -> None:
    period = read_period(words, rhythm)
    local = [datetime.fromisoformat(each).replace(tzinfo=SHANGHAI) for each in (start, end)]
    assert (period.name, period.start, period.end) == (words, *local)


@pytest.mark.parametrize(
    "words",
    ["", "June", "2026-13", "2026-Q5", "2026-H3", "2026-W54", "2026-06-31", "2026-07-18..2026-06-19", "26", "2026-6"],
)
def test_a_text_that_is_not_a_period_is_refused_with_how_one_is_written(words: str) -> None:
    with pytest.raises(ValueError, match="2026-06-19T12:00"):
        read_period(words, PLAIN)


def test_a_period_ends_after_it_starts_and_a_month_has_its_first_day() -> None:
    noon = datetime(2026, 6, 1, 12, tzinfo=UTC)
    with pytest.raises(ValueError, match="ends after it starts"):
        Period("x", noon, noon)
    with pytest.raises(ValueError, match="from 1 to 28"):
        Rhythm(SHANGHAI, month_begins_on=29)


@given(rhythms, lengths, moments)
def test_every_moment_is_in_exactly_one_period_of_a_length(rhythm: Rhythm, length: Length, moment: datetime) -> None:
    period = rhythm.containing(length, moment)
    assert period.start <= moment < period.end
    assert rhythm.containing(length, period.start) == period
    assert rhythm.containing(length, period.end - timedelta(microseconds=1)) == period


@given(rhythms, lengths, moments)
def test_periods_follow_each_other_without_gap(rhythm: Rhythm, length: Length, moment: datetime) -> None:
    period = rhythm.containing(length, moment)
    assert rhythm.before(length, period).end == period.start
    assert rhythm.containing(length, period.end).start == period.end


@given(rhythms, lengths, moments)
def test_a_period_is_found_by_its_name(rhythm: Rhythm, length: Length, moment: datetime) -> None:
    period = rhythm.containing(length, moment)
    assert read_period(period.name, rhythm) == period


@given(rhythms, st.integers(1990, 2080), st.sampled_from([Length.MONTH, Length.QUARTER, Length.HALF_YEAR, Length.DAY]))
def test_a_year_is_made_of_its_months_and_days(rhythm: Rhythm, year: int, length: Length) -> None:
    whole = rhythm.period(Length.YEAR, date(year, 1, 1))
    parts = rhythm.within(length, whole)
    assert (parts[0].start, parts[-1].end) == (whole.start, whole.end)
    assert len(parts) == {Length.MONTH: 12, Length.QUARTER: 4, Length.HALF_YEAR: 2}.get(length, len(parts))
    assert all(earlier.end == later.start for earlier, later in pairwise(parts))


def test_a_day_on_which_clocks_change_is_as_long_as_it_is() -> None:
    day = read_period("2026-03-08", Rhythm(ZoneInfo("America/New_York")))
    assert day.end - day.start == timedelta(hours=23)


def test_a_running_period_is_counted_until_the_moment_of_the_facts_and_a_past_one_until_its_end() -> None:
    june = read_period("2026-06", PLAIN)
    inside = june.start + timedelta(days=3)
    assert june.counted_until(inside) == inside
    assert june.counted_until(june.end + timedelta(days=3)) == june.end
    assert june.counted_until(june.start - timedelta(days=3)) == june.start
