"""The calendar in force is adopted once, the same in every process, kept forever, and proved by the history."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from django.db import connection, transaction
from hypothesis import given
from hypothesis import strategies as st

from cityloop.core.clocks.worktime import Calendar, Limit, LimitUnit, due
from cityloop.core.errors import Invalid
from cityloop.registry import verification
from cityloop.registry.calendar import versions as calendar_versions
from cityloop.registry.calendar.actions import MOST_DAYS, adopt_calendar, declare_days, withdraw_days
from cityloop.registry.calendar.versions import calendar_text, difference, read_calendar
from cityloop.registry.city.current import current_city, forget
from cityloop.registry.models import DeclaredDay, Revision, WorkingCalendar
from cityloop.registry.packs.reading import Pack, read_all
from cityloop.runtime.models import Event
from core.calendars import CITY, any_calendars, law, moments
from example import NOW

DAY_OFF = date(2026, 11, 23)  # a Monday
SUNDAY = date(2026, 11, 29)
EVERY_DAY = [date(2024, 12, 30) + timedelta(days=offset) for offset in range(1000)]


@pytest.fixture
def packs(db: None, tmp_path: Path) -> Iterator[tuple[Pack, ...]]:
    """The shipped packs; what a test adopts is forgotten after it."""
    forget()
    yield read_all()
    forget()


def another(folder: Path, hours: str) -> Pack:
    text = f'name: small\ntitle: {{zh: 小城, en: SmallCity}}\ncalendar: {{hours: ["{hours}"]}}\n'
    (folder / "pack.yaml").write_text(text, encoding="utf-8")
    return Pack.read(folder)


def last_event() -> Event:
    return Event.objects.filter(stream="registry").latest("seq")


@law
@given(any_calendars())
def test_a_calendar_written_down_and_read_again_is_the_same(calendar: Calendar) -> None:
    text = calendar_text(calendar)
    again = read_calendar(text)
    assert calendar_text(again) == text
    assert difference(calendar, again) is None
    assert [again.windows_on(day) for day in EVERY_DAY] == [calendar.windows_on(day) for day in EVERY_DAY]


@law
@given(any_calendars(), any_calendars(), st.integers(1, 40), st.sampled_from(LimitUnit), moments)
def test_a_limit_that_is_due_before_the_first_changed_day_is_due_as_before(
    old: Calendar, other: Calendar, amount: int, unit: LimitUnit, start: object
) -> None:
    new = replace(old, day_kinds=other.day_kinds, announced_until=other.announced_until)
    change, limit = difference(old, new), Limit(amount, unit)
    before, after = due(start, limit, old), due(start, limit, new)  # type: ignore[arg-type]
    if change is None:
        assert before == after
    elif change.first_day and before.at < new.midnight(change.first_day):
        assert (before.at, before.provisional) == (after.at, after.provisional)


def test_a_difference_names_its_days() -> None:
    new = replace(CITY, day_kinds={**CITY.day_kinds, DAY_OFF: False, SUNDAY: False})
    change = difference(CITY, new)
    assert change and change.days == {DAY_OFF: False}  # a Sunday is a day off anyway
    assert (change.rules, change.announced, change.first_day) == (False, False, DAY_OFF)


def test_another_week_is_a_change_of_rules_and_touches_every_moment() -> None:
    change = difference(CITY, replace(CITY, weekdays=frozenset({0, 1, 2, 3})))
    assert change and change.rules and change.first_day is None


def test_an_announcement_touches_what_was_provisional() -> None:
    change = difference(replace(CITY, announced_until=date(2025, 12, 31)), CITY)
    assert change and (change.days, change.announced, change.first_day) == ({}, True, date(2026, 1, 1))


def test_the_first_calendar_is_adopted_and_the_same_one_is_not_adopted_again(packs: tuple[Pack, ...]) -> None:
    before = current_city().calendar
    assert current_city().calendar_number == 0
    assert adopt_calendar(packs, "system", NOW)
    assert not adopt_calendar(packs, "system", NOW)
    forget()
    assert WorkingCalendar.objects.count() == 1
    assert current_city().calendar_number == 1 and difference(before, current_city().calendar) is None
    assert last_event().payload["days_in_all"] == 0


def test_every_process_uses_the_adopted_calendar_whatever_its_packs_say(
    packs: tuple[Pack, ...], tmp_path: Path
) -> None:
    adopt_calendar(packs, "system", NOW)
    adopt_calendar((*packs, another(tmp_path, "09:00-17:00")), "system", NOW)
    forget()
    assert current_city().calendar_number == 2
    assert current_city().calendar.seasons[0].seconds == 8 * 3600 and last_event().payload["rules_changed"]
    assert calendar_versions.adopted(1).seasons[0].hours[0][0].hour == 8


def test_a_day_that_the_city_declares_wins_over_the_nation_until_it_is_withdrawn(
    packs: tuple[Pack, ...],
) -> None:
    holiday = date(2026, 10, 1)
    revision = Revision.objects.values_list("number", flat=True).first() or 0
    assert declare_days({holiday: (True, "抢险"), DAY_OFF: (False, "市运会")}, "account/1", NOW)
    forget()
    assert current_city().calendar.is_workday(holiday) and not current_city().calendar.is_workday(DAY_OFF)
    assert Revision.objects.get().number > revision
    assert withdraw_days([holiday, DAY_OFF], "account/1", NOW)
    forget()
    assert not current_city().calendar.is_workday(holiday) and current_city().calendar.is_workday(DAY_OFF)
    assert [row.number for row in WorkingCalendar.objects.order_by("number")] == [1, 2, 3]


def test_declaring_is_recorded_with_who_and_what(packs: tuple[Pack, ...]) -> None:
    declare_days({DAY_OFF: (False, "市运会")}, "account/1", NOW)
    adopted, declared, first = Event.objects.filter(stream="registry").order_by("-seq")[:3]
    assert (first.name, declared.name, adopted.name) == ("CalendarAdopted", "DaysDeclared", "CalendarAdopted")
    assert (declared.actor, declared.payload) == (
        "account/1",
        {"days": {"2026-11-23": {"is_workday": False, "name": "市运会"}}},
    )
    assert adopted.payload["number"] == 2 and adopted.payload["days"] == {"2026-11-23": False}


def test_the_same_day_again_and_a_day_nobody_declared_change_nothing(packs: tuple[Pack, ...]) -> None:
    declare_days({DAY_OFF: (False, "市运会")}, "account/1", NOW)
    before = Event.objects.count()
    assert not declare_days({DAY_OFF: (False, "市运会")}, "account/1", NOW)
    assert not declare_days({}, "account/1", NOW)
    assert not withdraw_days([SUNDAY], "account/1", NOW)
    assert Event.objects.count() == before


def test_a_day_declared_to_be_what_it_is_anyway_is_kept_but_makes_no_new_calendar(packs: tuple[Pack, ...]) -> None:
    adopt_calendar(packs, "system", NOW)
    assert not declare_days({SUNDAY: (False, "休息日")}, "account/1", NOW)
    assert DeclaredDay.objects.get().day == SUNDAY and WorkingCalendar.objects.count() == 1


@pytest.mark.parametrize(
    ("day", "name", "code"),
    [
        (date(1989, 12, 31), "", "day-out-of-range"),
        (date(2101, 1, 1), "", "day-out-of-range"),
        (DAY_OFF, "节" * 101, "name-too-long"),
        (DAY_OFF, "市\x00会", "unreadable-character"),
    ],
)
def test_a_day_that_cannot_be_declared_is_refused_and_changes_nothing(
    packs: tuple[Pack, ...], day: date, name: str, code: str
) -> None:
    with pytest.raises(Invalid) as caught:
        declare_days({SUNDAY: (True, ""), day: (False, name)}, "account/1", NOW)
    assert [(fault.field, fault.code) for fault in caught.value.faults] == [(day.isoformat(), code)]
    assert not DeclaredDay.objects.exists() and not WorkingCalendar.objects.exists()


def test_an_event_names_no_more_days_than_a_person_would_read(packs: tuple[Pack, ...]) -> None:
    mondays = [date(2026, 1, 5) + timedelta(weeks=week) for week in range(MOST_DAYS + 50)]
    declare_days(dict.fromkeys(mondays, (False, "")), "account/1", NOW)
    payload = last_event().payload
    assert len(payload["days"]) == MOST_DAYS < payload["days_in_all"]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE registry_workingcalendar SET content = content || '{\"announced_until\": null}' WHERE number = 1",
        "UPDATE registry_workingcalendar SET content = '3'",
        "UPDATE registry_declaredday SET is_workday = true",
        "UPDATE registry_declaredday SET name = '另一天'",
        "DELETE FROM registry_declaredday",
        "DELETE FROM registry_workingcalendar WHERE number = 2",
        "INSERT INTO registry_declaredday (day, is_workday, name, declared_at) VALUES ('2026-12-01', false, '', now())",
        "INSERT INTO registry_workingcalendar (number, adopted_at, content) VALUES (4, now(), '3')",
    ],
)
def test_an_altered_calendar_or_declared_day_is_found(packs: tuple[Pack, ...], statement: str) -> None:
    declare_days({DAY_OFF: (False, "市运会"), SUNDAY: (True, "调休")}, "account/1", NOW)
    withdraw_days([SUNDAY], "account/1", NOW)
    assert list(verification.findings()) == []
    with connection.cursor() as cursor:
        cursor.execute(statement)
    assert list(verification.findings()) != []


@pytest.mark.django_db(transaction=True)
def test_two_processes_that_start_at_once_adopt_one_calendar() -> None:
    packs = read_all()
    adopted, both = [], threading.Barrier(2)

    def start() -> None:
        both.wait()
        with transaction.atomic():
            adopted.append(adopt_calendar(packs, "system", NOW))
        connection.close()

    threads = [threading.Thread(target=start) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(adopted) == [False, True] and WorkingCalendar.objects.count() == 1
