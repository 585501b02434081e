"""Fills the columns that 0002 added from the existing histories, as replaying them would."""

from django.db import migrations

TASKS = """
    UPDATE casework_task
       SET fired = CASE WHEN passed_at IS NULL THEN 0 ELSE 1 END,
           wake_at = CASE WHEN done_at IS NULL AND passed_at IS NULL THEN due_at END
"""
CASES = """
    WITH told AS (
        SELECT substr(stream, 6)::bigint AS case_id, seq, payload ->> 'action' AS action, payload ->> 'stage' AS stage,
               lag(payload ->> 'stage') OVER (PARTITION BY stream ORDER BY seq) AS before
          FROM runtime_event WHERE stream LIKE 'case/%'
    ), counted AS (
        SELECT case_id, jsonb_object_agg(action, times) AS done
          FROM (SELECT case_id, action, count(*) AS times FROM told WHERE seq > 1 GROUP BY case_id, action) AS each
         GROUP BY case_id
    ), since AS (
        SELECT case_id, max(seq) AS seq FROM told WHERE stage IS DISTINCT FROM before GROUP BY case_id
    )
    UPDATE casework_case AS found
       SET done = coalesce(counted.done, '{}'), stage_since = since.seq, units = found.handling_units
      FROM since LEFT JOIN counted USING (case_id)
     WHERE found.id = since.case_id
"""


class Migration(migrations.Migration):
    dependencies = [("casework", "0002_tasks_and_clocks_in_full"), ("runtime", "0001_event_log")]

    operations = [migrations.RunSQL([TASKS, CASES], migrations.RunSQL.noop)]
