"""Timers: a limit is noted once when it passes, however often the announcer or the worker is killed."""

from datetime import timedelta

import pytest
from django.conf import settings
from procrastinate.contrib.django.models import ProcrastinateJob

from cityloop.casework import actions
from cityloop.casework.jobs import wake_cases
from cityloop.casework.models import Task
from cityloop.intake.actions import receive
from cityloop.intake.reports import read
from cityloop.runtime.log import announcer
from cityloop.runtime.models import Event
from example import NOW, SmallCity

pytestmark = [pytest.mark.server, pytest.mark.django_db(transaction=True)]


def report(people: dict, name: str, after: timedelta = timedelta(0)) -> None:
    content = {"channel": "12345", "external_id": name, "text": "井盖缺失"}
    receive(read(content, settings.CITYLOOP.zone, NOW), people["hotline"], NOW + after)


def announce() -> None:
    while announcer.announce("timers"):
        pass


def test_every_minute_in_which_a_limit_passes_has_one_timer(city: SmallCity, people: dict) -> None:
    for name, after in (("A1", 0), ("A2", 20), ("A3", 40), ("A4", 61)):
        report(people, name, timedelta(seconds=after))
        announce()  # one at a time, as they come in
    timers = ProcrastinateJob.objects.filter(task_name="casework.note_limits")
    due = [NOW + timedelta(minutes=minutes) for minutes in (15, 16, 17)]
    assert sorted(timer.scheduled_at for timer in timers) == due


def test_a_limit_that_lost_its_timer_gets_another(city: SmallCity, people: dict) -> None:
    report(people, "A1")
    announce()
    ProcrastinateJob.objects.all().delete()
    report(people, "A2")
    announce()
    assert ProcrastinateJob.objects.count() == 1


def test_a_timer_notes_each_limit_once_even_where_the_workers_clock_is_behind(
    city: SmallCity, people: dict, monkeypatch: pytest.MonkeyPatch
) -> None:
    report(people, "A1")
    report(people, "A2", timedelta(minutes=5))
    due = min(Task.objects.values_list("due_at", flat=True))
    monkeypatch.setattr("cityloop.runtime.clock.now", lambda: due - timedelta(seconds=1))
    wake_cases(until=due.isoformat())
    wake_cases(until=due.isoformat())
    assert Event.objects.filter(name="LimitPassed").count() == 1


def test_a_case_that_fails_does_not_stop_the_others(
    city: SmallCity, people: dict, monkeypatch: pytest.MonkeyPatch
) -> None:
    report(people, "A1")
    report(people, "A2")
    first = min(Task.objects.values_list("case_id", flat=True))
    note = actions.wake

    def failing(case_id: int, now: object) -> bool:
        if case_id == first:
            raise RuntimeError("out of paper")
        return note(case_id, now)

    monkeypatch.setattr(actions, "wake", failing)
    with pytest.raises(ExceptionGroup):
        wake_cases(until=(NOW + timedelta(hours=1)).isoformat())
    assert Event.objects.filter(name="LimitPassed").count() == 1
