"""Jobs whose worker was killed are done again."""

import pytest
from asgiref.sync import async_to_sync
from django.db import connection

from cityloop.runtime.jobs import retry_stalled

pytestmark = [pytest.mark.server, pytest.mark.django_db(transaction=True)]

_INSERT = """
    INSERT INTO procrastinate_jobs (queue_name, task_name, queueing_lock, lock, status)
    VALUES ('default', 'evaluation.refresh_facts', %s, %s, %s::procrastinate_job_status)
"""


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
