"""Jobs whose worker was killed, or whose database went away, are done again."""

from collections.abc import Iterator

import pytest
from asgiref.sync import async_to_sync
from django.db import OperationalError, connection
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob
from procrastinate.jobs import Job

from cityloop.casework.jobs import wake_cases
from cityloop.runtime.jobs import checkpoint, retry_stalled

pytestmark = [pytest.mark.server, pytest.mark.django_db(transaction=True)]

_INSERT = """
    INSERT INTO procrastinate_jobs (queue_name, task_name, queueing_lock, lock, status)
    VALUES ('default', 'evaluation.refresh_facts', %s, %s, %s::procrastinate_job_status)
"""


@pytest.fixture(autouse=True)
def no_jobs() -> Iterator[None]:
    """Remove all jobs before and after: Django does not empty tables of models that it does not manage."""
    ProcrastinateJob.objects.all().delete()
    yield
    ProcrastinateJob.objects.all().delete()


def job(queueing_lock: str, lock: str | None, status: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_INSERT, [queueing_lock, lock, status])


def jobs() -> list[tuple[str, str]]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT queueing_lock, status::text FROM procrastinate_jobs ORDER BY queueing_lock")
        return cursor.fetchall()


def test_a_job_whose_worker_was_killed_waits_again() -> None:
    job("limits", None, "doing")
    async_to_sync(retry_stalled.func)(None, 0)
    assert jobs() == [("limits", "todo")]


def test_a_job_of_a_killed_worker_does_not_block_the_same_job_that_waits_nor_the_others() -> None:
    job("refresh-facts", "facts", "doing")
    job("refresh-facts", "facts", "todo")  # asked for once more: it starts only when no other has the lock
    job("limits", None, "doing")
    async_to_sync(retry_stalled.func)(None, 0)
    assert jobs() == [("limits", "todo"), ("refresh-facts", "todo")]


EVERY_MINUTE_OR_TWO = {"runtime.checkpoint", "runtime.retry_stalled"}


def test_every_job_that_does_not_come_again_soon_is_done_again_after_an_outage() -> None:
    import cityloop.evaluation.jobs  # noqa: F401  # otherwise only workers load it: it needs the engine

    ours = [task for name, task in app.tasks.items() if "cityloop" in task.func.__module__]
    interrupted = Job(
        id=1, queue="default", task_name="", lock=None, queueing_lock=None, task_kwargs={}, attempts=1, worker_id=None
    )
    lost = {task.name for task in ours if not task.get_retry_exception(OperationalError("server closed"), interrupted)}
    assert len(ours) > 8 and lost == EVERY_MINUTE_OR_TWO


def test_sealing_does_not_wait_until_all_limits_that_passed_are_noted() -> None:
    wake_cases.defer(until="2026-11-20T10:00:00+00:00")
    checkpoint.defer(timestamp=0)
    with connection.cursor() as cursor:
        cursor.execute("SELECT task_name FROM procrastinate_jobs ORDER BY priority DESC, id")  # as workers take them
        assert cursor.fetchone() == ("runtime.checkpoint",)
