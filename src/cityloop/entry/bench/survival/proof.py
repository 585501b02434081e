"""What the city must contain after the rounds: everything acknowledged once, delivered to every subscriber, timed."""

from collections.abc import Sequence
from typing import Any

from cityloop.entry.bench.intake import CHANNEL

_TIMES_KEPT = """
    WITH receipt AS (SELECT * FROM unnest(%s::text[], %s::text[]) AS given(external_id, number)),
    kept AS (
        SELECT (SELECT count(*) FROM intake_report AS report
                  JOIN casework_case AS found ON found.id = report.case_id AND found.number = report.number
                  JOIN runtime_event AS event
                    ON event.stream = 'case/' || found.id AND event.name = 'CaseReported'
                  JOIN casework_task AS task ON task.case_id = found.id AND task.no = 1
                 WHERE report.channel = %s AND report.external_id = receipt.external_id
                   AND report.number = receipt.number) AS times FROM receipt)
    SELECT count(*) FILTER (WHERE times = 0), count(*) FILTER (WHERE times > 1), (SELECT count(*) FROM casework_case)
      FROM kept
"""
_NOT_DONE_ONCE = """
    SELECT count(*) FROM unnest(%s::text[]) AS given(number) JOIN casework_case AS found ON found.number = given.number
     WHERE 1 <> (SELECT count(*) FROM runtime_event AS event
                  WHERE event.stream = 'case/' || found.id AND event.name = 'CaseAccepted')
"""
_DELIVERED = """
    SELECT bool_and((reader.ordinal, reader.event_id) >= (event.ordinal, event.id))
      FROM intake_report AS report JOIN runtime_event AS event ON event.stream = 'case/' || report.case_id
     CROSS JOIN runtime_subscription AS reader
     WHERE report.channel = %s AND report.external_id = %s AND event.seq = 1
"""
# The job of the minute in which a limit passes must be waiting. Where that minute is over, a job that is due must be
# waiting or running: one that was interrupted is due when it is retried.
_WITHOUT_TIMER = """
    SELECT count(*) FROM casework_task AS task
     WHERE task.done_at IS NULL AND task.wake_at IS NOT NULL AND NOT EXISTS (
           SELECT FROM procrastinate_jobs AS job
            WHERE job.task_name = 'casework.note_limits' AND job.status IN ('todo', 'doing')
              AND job.scheduled_at >= task.wake_at
              AND job.scheduled_at < greatest(task.wake_at + interval '1 minute', now()))
"""


def times_kept(receipts: Sequence[tuple[str, str]]) -> tuple[int, int]:
    """Return how many of the acknowledged reports are lost, and how many were stored more than once.

    Every report was acknowledged in the end, so there must not be a case more.
    """
    ids, numbers = [external_id for external_id, _ in receipts], [number for _, number in receipts]
    lost, doubled, cases = _row(_TIMES_KEPT, [ids, numbers, CHANNEL])
    return lost, doubled + max(0, cases - (len(set(receipts)) - lost))


def not_done_once(cases: Sequence[str]) -> int:
    """Return how many acknowledged actions are not in their case's history exactly once."""
    return int(_row(_NOT_DONE_ONCE, [list(cases)])[0])


def is_delivered(external_id: str) -> bool:
    """Return whether every subscriber of the log has the event of a report."""
    return bool(_row_unless_away(_DELIVERED, [CHANNEL, external_id])[0])


def last_worker() -> int:
    """Return the number of the newest worker of jobs."""
    return int(_row_unless_away("SELECT coalesce(max(id), 0) FROM procrastinate_workers")[0])


def workers_after(last: int) -> int:
    """Return how many workers of jobs have reported themselves after that one."""
    return int(_row_unless_away("SELECT count(*) FROM procrastinate_workers WHERE id > %s", [last])[0])


def without_timer() -> int:
    """Return how many open tasks have a limit that passed unnoted, or that no timer will note."""
    return int(_row(_WITHOUT_TIMER)[0])


def _row_unless_away(statement: str, values: Sequence[Any] = ()) -> tuple[Any, ...]:
    """Return the row, or a 0 while the database is away."""
    from django.db import InterfaceError, OperationalError

    try:
        return _row(statement, values)
    except (InterfaceError, OperationalError):
        return (0,)


def _row(statement: str, values: Sequence[Any] = ()) -> tuple[Any, ...]:
    from django.db import connection

    try:
        with connection.cursor() as cursor:
            cursor.execute(statement, values)
            return tuple(cursor.fetchone())
    finally:
        connection.close()  # the server may be killed before the next statement
