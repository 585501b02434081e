"""Calendars and moments for the laws of time: Hypothesis strategies that the tests of core share."""

from datetime import UTC, date, datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from cityloop.core.clocks.timetable import Calendar, ClosingRule, Hours, Season, WorkDayRule
from cityloop.registry.words.holidays import chinese_day_kinds

SHANGHAI = ZoneInfo("Asia/Shanghai")
NEW_YORK = ZoneInfo("America/New_York")
HOURS = ((time(8, 30), time(12)), (time(14), time(18)))
HOLIDAYS = chinese_day_kinds(date(2025, 1, 1), date(2026, 12, 31))
CITY = Calendar(SHANGHAI, HOURS, HOLIDAYS.day_kinds, HOLIDAYS.announced_until)
END_OF_DAY = Calendar(SHANGHAI, HOURS, HOLIDAYS.day_kinds, HOLIDAYS.announced_until, WorkDayRule.END_OF_DAY)
SEASONAL = Calendar(
    SHANGHAI,
    (
        Season(5, 1, ((time(8), time(12)), (time(14, 30), time(18, 30)))),
        Season(10, 1, ((time(8, 30), time(12)), (time(13, 30), time(17)))),
    ),
    HOLIDAYS.day_kinds,
    HOLIDAYS.announced_until,
)

# The first question to a calendar lays out its years, and machines differ; some laws hold of few of the clocks drawn.
law = settings(deadline=None, suppress_health_check=[HealthCheck.filter_too_much])

moments = st.datetimes(
    datetime(2025, 1, 1),  # noqa: DTZ001 - Hypothesis adds the zone
    datetime(2027, 6, 1),  # noqa: DTZ001
    timezones=st.sampled_from([UTC, SHANGHAI, timezone(timedelta(hours=-9))]),
)


@st.composite
def some_hours(draw: st.DrawFn) -> Hours:
    bounds = sorted(draw(st.sets(st.integers(0, 24 * 60 - 1), min_size=2, max_size=6)))
    clock = [time(minute // 60, minute % 60) for minute in bounds[: len(bounds) // 2 * 2]]
    if draw(st.booleans()):
        clock[-1] = time(0)
    return tuple(zip(clock[::2], clock[1::2], strict=True))


def local(words: str) -> datetime:
    """Return a moment by Shanghai's wall clock."""
    return datetime.fromisoformat(words).replace(tzinfo=SHANGHAI)


day_kinds = st.dictionaries(st.dates(date(2025, 1, 1), date(2027, 8, 1)), st.booleans(), max_size=8)


@st.composite
def calendars(draw: st.DrawFn) -> Calendar:
    """Calendars of one season that count a working day forward."""
    zone = draw(st.sampled_from([SHANGHAI, UTC]))
    kinds = {**HOLIDAYS.day_kinds, **draw(day_kinds)}
    return Calendar(zone, draw(some_hours()), kinds, HOLIDAYS.announced_until)


@st.composite
def any_calendars(draw: st.DrawFn) -> Calendar:
    """Calendars of every kind: seasons, other weeks, daylight saving, both rules of a working day and a closing."""
    begins = sorted(draw(st.sets(st.tuples(st.integers(1, 12), st.integers(1, 28)), min_size=1, max_size=3)))
    rules = st.one_of(st.just((WorkDayRule.END_OF_DAY, ClosingRule.THAT_CLOSING)), forward_rules)
    work_day_rule, closing_rule = draw(rules)
    return Calendar(
        time_zone=draw(
            st.sampled_from([SHANGHAI, NEW_YORK, ZoneInfo("Australia/Lord_Howe"), ZoneInfo("Africa/Cairo")])
        ),
        hours=tuple(Season(month, day, draw(some_hours())) for month, day in begins),
        day_kinds=draw(day_kinds),
        announced_until=draw(st.sampled_from([None, date(2026, 6, 30)])),
        work_day_rule=work_day_rule,
        weekdays=draw(st.frozensets(st.integers(0, 6), min_size=3)),
        closing_rule=closing_rule,
    )


forward_rules = st.tuples(st.just(WorkDayRule.FORWARD), st.sampled_from(ClosingRule))
