"""Which editions of the facts are kept."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from cityloop.evaluation.facts.retention import EVERY_ONE, kept

SHANGHAI = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)
AGES = st.lists(st.integers(0, 3 * 365 * 24).map(lambda hours: timedelta(hours=hours)), max_size=60)


def test_of_an_older_day_the_last_edition_by_the_citys_clocks_is_kept() -> None:
    evening, midnight = datetime(2026, 11, 1, 15, 7, tzinfo=UTC), datetime(2026, 11, 1, 16, 7, tzinfo=UTC)
    earlier = evening - timedelta(hours=1)
    assert kept([earlier, evening, midnight], NOW, SHANGHAI) == {evening, midnight}  # 16:07 UTC is the next day there


def test_of_an_older_month_one_edition_is_kept_for_good() -> None:
    days = [datetime(2025, 3, day, 4, tzinfo=UTC) for day in (2, 17, 30)]
    assert kept(days, NOW, SHANGHAI) == {days[-1]}


@given(AGES)
def test_kept_editions_stay_kept_and_no_recent_one_is_removed(ages: list[timedelta]) -> None:
    moments = {NOW - age for age in ages}
    found = kept(moments, NOW, SHANGHAI)
    assert kept(found, NOW, SHANGHAI) == found
    assert {moment for moment in moments if NOW - moment <= EVERY_ONE} <= found <= moments
    assert not moments or max(moments) in found
