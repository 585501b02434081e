from datetime import date, datetime, time
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from cityloop.core.clocks.worktime import (
    Calendar,
    ClosingRule,
    Limit,
    LimitUnit,
    Season,
    WorkDayRule,
    due,
)
from cityloop.core.errors import Invalid
from cityloop.registry.calendar.versions import calendar_text, difference, read_calendar
from cityloop.registry.packs.reading import Pack
from cityloop.registry.packs.texts.calendar import WEEK, CalendarText, working_calendar

SHANGHAI = ZoneInfo("Asia/Shanghai")
HEAD = "name: town\ntitle: {zh: 小城, en: Town}\n"
SUMMER = '{from: "05-01", hours: ["08:00-12:00", "14:30-18:30"]}'
WINTER = '{from: "10-01", hours: ["08:30-12:00", "13:30-17:00"]}'


def pack(folder: Path, calendar: str) -> Pack:
    (folder / "pack.yaml").write_text(HEAD + calendar, encoding="utf-8")
    return Pack.read(folder)


def calendar(folder: Path, words: str) -> Calendar:
    return working_calendar(pack(folder, f"calendar: {words}\n").calendar, SHANGHAI, 2026)


def test_a_pack_without_a_calendar_has_the_hours_that_most_cities_keep(tmp_path: Path) -> None:
    assert pack(tmp_path, "").calendar is None
    found = working_calendar(None, SHANGHAI, 2026)
    assert found.hours == ((time(8), time(12)), (time(14), time(18)))
    assert not found.is_workday(date(2026, 10, 1))
    assert found.is_workday(date(2026, 9, 20))
    assert found.announced_until is not None


def test_a_pack_gives_hours_by_season(tmp_path: Path) -> None:
    found = calendar(tmp_path, f"{{seasons: [{SUMMER}, {WINTER}]}}")
    assert found.season_on(date(2026, 9, 30)) == Season(5, 1, ((time(8), time(12)), (time(14, 30), time(18, 30))))
    assert found.season_on(date(2027, 4, 30)) == Season(10, 1, ((time(8, 30), time(12)), (time(13, 30), time(17))))


def test_a_citys_own_days_win_over_the_national_ones(tmp_path: Path) -> None:
    found = calendar(tmp_path, '{hours: ["08:00-18:00"], days_off: [2026-03-04, 2026-09-20], days_on: [2026-10-01]}')
    assert [found.is_workday(date(2026, *day)) for day in ((3, 4), (9, 20), (10, 1), (10, 2))] == [
        False,
        False,
        True,
        False,
    ]


def test_another_citys_rules_are_only_another_pack(tmp_path: Path) -> None:
    boston = calendar(
        tmp_path,
        '{hours: ["08:30-17:00"], holidays: none, days_off: [2014-05-26], due_at: next_opening, '
        "time_zone: America/New_York}",
    )
    assert (boston.announced_until, boston.closing_rule) == (None, ClosingRule.NEXT_OPENING)
    friday = datetime(2014, 5, 23, 15, tzinfo=boston.time_zone)
    assert due(friday, Limit(1, LimitUnit.WORK_DAY), boston).at == datetime(2014, 5, 27, 15, tzinfo=boston.time_zone)


def test_a_pack_may_have_a_week_of_six_days_that_end_with_their_closing(tmp_path: Path) -> None:
    found = calendar(
        tmp_path, '{hours: ["08:00-18:00"], weekdays: [mon, tue, wed, thu, fri, sat], work_day: end_of_day}'
    )
    assert found.work_day_rule is WorkDayRule.END_OF_DAY
    assert found.is_workday(date(2026, 3, 7))
    assert not found.is_workday(date(2026, 10, 3))


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ("{}", "either hours or seasons"),
        (f'{{hours: ["08:00-12:00"], seasons: [{SUMMER}]}}', "either hours or seasons"),
        ('{hours: ["8-12"]}', "8-12 are not hours"),
        ('{hours: ["12:00-08:00"]}', "open before they close"),
        (f"{{seasons: [{WINTER}, {SUMMER}]}}", "order of the year"),
        ('{seasons: [{from: "02-30", hours: ["08:00-12:00"]}]}', "day"),
        ('{seasons: [{from: "1 May", hours: ["08:00-12:00"]}]}', "pattern"),
        ('{hours: ["08:00-12:00"], weekdays: []}', "weekdays"),
        ('{hours: ["08:00-12:00"], weekdays: [monday]}', "'mon'"),
        ('{hours: ["08:00-12:00"], days_off: [2026-03-04], days_on: [2026-03-04]}', "2026-03-04 is given as"),
        ('{hours: ["08:00-12:00"], time_zone: Boston}', "Boston is not a time zone"),
        ('{hours: ["08:00-12:00"], work_day: end_of_day, due_at: next_opening}', "at that closing"),
        ('{hours: ["08:00-12:00"], holiday: none}', "not a known field"),
    ],
)
def test_a_calendar_that_cannot_be_is_refused_with_its_line(tmp_path: Path, words: str, reason: str) -> None:
    with pytest.raises(Invalid) as caught:
        pack(tmp_path, f"calendar: {words}\n")
    assert any(
        fault.field.startswith("pack.yaml:3 calendar") and reason in fault.reason for fault in caught.value.faults
    )


def test_hours_may_close_at_midnight_and_go_over_it() -> None:
    evening = working_calendar(CalendarText(hours=("08:00-12:00", "19:00-24:00")), SHANGHAI, 2026)
    assert evening.seasons[0].seconds == 9 * 3600
    text = CalendarText(hours=("00:00-24:00",), weekdays=WEEK, holidays="none")
    assert working_calendar(text, SHANGHAI, 2026).seasons[0].seconds == 24 * 3600
    night = working_calendar(CalendarText(hours=("22:00-06:00",)), SHANGHAI, 2026)
    assert night.seasons[0].hours == ((time(22), time(6)),) and night.seasons[0].seconds == 8 * 3600
    assert difference(night, read_calendar(calendar_text(night))) is None
