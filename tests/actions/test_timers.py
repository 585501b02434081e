"""Timers: a limit that was set is noted when it passes, once, however often the announcer or the worker is killed."""

from datetime import timedelta

import pytest
from django.conf import settings
from procrastinate.contrib.django.models import ProcrastinateJob

from cityloop.casework.jobs import note_limit
from cityloop.casework.models import Task
from cityloop.intake.actions import receive
from cityloop.intake.reports import read
from cityloop.runtime import announcer
from cityloop.runtime.models import Event
from town import NOW, Town

pytestmark = [pytest.mark.alone, pytest.mark.django_db(transaction=True)]


def report(people: dict, name: str) -> str:
    content = {"channel": "12345", "external_id": name, "text": "井盖缺失"}
    return receive(read(content, settings.CITYLOOP.zone, NOW), people["hotline"], NOW).number


def test_every_limit_that_was_set_has_a_timer_for_its_due_moment(town: Town, people: dict) -> None:
    report(people, "A1")
    report(people, "A2")
    while announcer.announce("timers"):
        pass
    jobs = ProcrastinateJob.objects.filter(task_name="casework.note_limit")
    assert {job.scheduled_at for job in jobs} == {NOW + timedelta(minutes=15)} and jobs.count() == 2
    assert announcer.announce("timers") == 0 and jobs.count() == 2


def test_a_timer_notes_the_limit_even_where_the_workers_clock_is_behind(town: Town, people: dict, monkeypatch) -> None:
    report(people, "A1")
    task = Task.objects.get()
    monkeypatch.setattr("cityloop.runtime.clock.now", lambda: task.due_at - timedelta(seconds=1))
    note_limit(case_id=task.case_id, due_at=task.due_at.isoformat())
    note_limit(case_id=task.case_id, due_at=task.due_at.isoformat())
    assert Event.objects.filter(name="LimitPassed").count() == 1
