"""A city of the first version: the new columns get the values that replaying its histories gives."""

from datetime import timedelta
from importlib import import_module

import pytest
from django.db import connection

from cityloop.casework import verification
from cityloop.casework.actions import wake
from cityloop.casework.models import Case, Task
from example import NOW

pytestmark = pytest.mark.server


def test_columns_that_were_added_get_what_the_histories_say(go, do, number) -> None:
    go("report_back")
    do("rework", "collector", at=NOW + timedelta(hours=1), reason="仍有垃圾")
    case = Case.objects.get(number=number)
    before = dict(case.done), case.stage_since
    assert before == ({"accept": 1, "file": 1, "dispatch": 1, "report_back": 1, "rework": 1}, 6)
    Case.objects.update(done={}, stage_since=1)
    with connection.cursor() as cursor:
        cursor.execute(_statements().CASES)
    case.refresh_from_db()
    assert (case.done, case.stage_since) == before
    assert list(verification.findings()) == []


def test_open_tasks_of_the_first_version_wake_at_their_limit(number) -> None:
    case = Case.objects.get(number=number)
    due_at = Task.objects.get(case=case).due_at
    Task.objects.update(wake_at=None)
    with connection.cursor() as cursor:
        cursor.execute(_statements().TASKS)
    assert Task.objects.get(case=case).wake_at == due_at
    assert wake(case.pk, due_at + timedelta(seconds=1)) == 1
    assert list(verification.findings()) == []


def _statements() -> object:
    return import_module("cityloop.casework.migrations.0003_as_their_history_says")
