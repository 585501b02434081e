"""Fills a benchmark's city with years of cases by set-based SQL; no action is run, and the events are not chained.

The latest reports are open, as in a real city, and a small share of the older ones.
"""

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from cityloop.entry.console.opening import Tell
from cityloop.entry.console.showing import progress

SPACING = timedelta(seconds=63)  # between two reports: five million are ten years
OPEN_SHARE = 0.02
FEWEST_OPEN = 6000  # so that a small city has queues of many full pages as well
KINDS = {"accept": 5, "file": 3, "dispatch": 3, "handle": 6, "check": 2, "close": 1}  # of twenty open tasks
STAGES = {"accept": "reported", "file": "accepted", "dispatch": "filed", "handle": "handling", "check": "checking"}
UNITS = ["roads", "sanitation", "parks", "traffic"]  # few enough that each has full pages of every kind
CHUNK = 250_000  # cases per transaction

_ROLL = """
    CREATE TEMPORARY TABLE rolled AS
    SELECT id, is_open, reported_at, kind, community, left(community, 6) AS district, unit, category,
           CASE WHEN is_open THEN %(now)s + make_interval(secs => chance %% 604800 - 172800)
                ELSE reported_at + interval '5 days' END AS due_at
      FROM (SELECT id, %(now)s - (%(last)s - id) * %(spacing)s AS reported_at,
                   id > %(last)s - %(fewest_open)s OR id %% %(every)s = 0 AS is_open,
                   hashint8(id)::bigint & 2147483647 AS chance
              FROM generate_series(%(low)s::bigint, %(high)s::bigint) AS id) AS report,
           LATERAL (SELECT (%(kinds)s::text[])[1 + chance %% 20] AS kind,
                           (%(areas)s::text[])[1 + chance / 20 %% cardinality(%(areas)s::text[])] AS community,
                           (%(units)s::text[])[1 + chance / 999 %% cardinality(%(units)s::text[])] AS unit,
                           (%(categories)s::text[])[1 + chance / 77 %% cardinality(%(categories)s::text[])] AS category
                   ) AS drawn
"""
_CASES = """
    INSERT INTO casework_case (id, number, procedure, version, stage, is_open, length, head, facts, category, district,
                               community, address, reported_at, opened_at, clock_started_at, case_due_at, closed_at,
                               handlers, handling_units, units)
    SELECT id, to_char(reported_at, 'YYYYMMDD') || to_char(id, 'FM999999999000000'), %(procedure)s, %(version)s,
           CASE WHEN is_open THEN coalesce(%(stages)s::jsonb ->> kind, 'checked') ELSE 'closed' END, is_open, 1,
           sha256(int8send(id)),
           jsonb_build_object('procedure', %(procedure)s::text, 'version', %(version)s::text, 'channel', '12345',
                              'external_id', 'B' || id, 'reported_at', reported_at, 'category', category,
                              'district', district, 'community', community, 'duty', unit, 'crs', 'wgs84',
                              'lon', '112.8600000', 'lat', '31.4200000'),
           category, district, community, '长江路' || id %% 999 || '号', reported_at, reported_at,
           CASE WHEN NOT is_open THEN reported_at + interval '1 hour' END,
           CASE WHEN NOT is_open THEN reported_at + interval '7 days' END,
           CASE WHEN NOT is_open THEN reported_at + make_interval(hours => (id %% 200)::int) END, '{}',
           held, held
      FROM (SELECT *, CASE WHEN is_open AND kind IN ('accept', 'file', 'dispatch') THEN '{}'
                           ELSE ARRAY[unit] END AS held
              FROM rolled) AS each ORDER BY id
"""
_TASKS = """
    INSERT INTO casework_task (case_id, no, kind, role, part, unit, district, community, opened_at, yellow_at, due_at,
                               done_at, outcome)
    SELECT id, 1, kind, %(roles)s::jsonb ->> kind, %(parts)s::jsonb ->> kind,
           CASE WHEN kind = 'handle' THEN unit END, district, community, reported_at, due_at - interval '1 day', due_at,
           CASE WHEN NOT is_open THEN due_at - interval '1 hour' END, CASE WHEN NOT is_open THEN 'report_back' END
      FROM (SELECT id, CASE WHEN is_open THEN kind ELSE 'handle' END AS kind, unit, district, community, reported_at,
                   due_at, is_open FROM rolled) AS task ORDER BY id
"""
_EVENTS = """
    INSERT INTO runtime_event (stream, seq, name, actor, at, payload, hash)
    SELECT 'case/' || id, 1, 'CaseReported', 'account/1', reported_at,
           jsonb_build_object('task', NULL, 'opened', jsonb_build_array(), 'facts', jsonb_build_object(
                              'channel', '12345', 'district', district, 'community', community)),
           sha256(int8send(id))
      FROM rolled ORDER BY id
"""


def fill(low: int, high: int, last: int, now: datetime, tell: Tell) -> None:
    """Write the cases with the ids from `low` to `high` of a city whose latest case has the id `last`."""
    from django.db import connection, transaction

    values = _values(last, now)
    with connection.cursor() as cursor, progress(high - low + 1, tell) as shown:
        # Foreign keys are not checked row by row: the rows are consistent by construction.
        cursor.execute("SET session_replication_role = replica")
        for start in range(low, high + 1, CHUNK):
            end = min(start + CHUNK - 1, high)
            with transaction.atomic():
                for statement in (_ROLL, _CASES, _TASKS, _EVENTS, "DROP TABLE rolled"):
                    cursor.execute(statement, {**values, "low": start, "high": end} if "%(" in statement else None)
            shown(end - low + 1, "cases written")
        cursor.execute("RESET session_replication_role")
        cursor.execute("VACUUM ANALYZE casework_case, casework_task, runtime_event")  # as autovacuum does in time


def catch_up(home: Path, now: datetime) -> None:
    """Have everything written until now delivered, sealed and exported, as in a city that grew to this size in time."""
    from django.db.models import F

    from cityloop.evaluation.jobs import export_facts
    from cityloop.runtime.log import checkpoints
    from cityloop.runtime.log.announcer import subscribers
    from cityloop.runtime.models import Event, Subscription

    checkpoints.seal(home, now)
    last = Event.objects.order_by("-ordinal", "-pk").values("ordinal", event_id=F("pk"))[0]
    for name in subscribers():
        Subscription.objects.update_or_create(name=name, defaults=last)
    export_facts.configure(schedule_at=now + timedelta(days=1)).defer(timestamp=0)  # none before that one


def _values(last: int, now: datetime) -> dict[str, Any]:
    from cityloop.intake.actions import PROCEDURE
    from cityloop.registry.city.current import current_city

    city = current_city()
    procedure = city.latest(PROCEDURE)
    return {
        "now": now,
        "last": last,
        "spacing": SPACING,
        "fewest_open": FEWEST_OPEN,
        "every": max(round(1 / OPEN_SHARE), 1),
        "kinds": [kind for kind, share in KINDS.items() for _ in range(share)],
        "areas": [area.code for area in city.areas.values() if area.level == "community"],
        "units": UNITS,
        "categories": list(city.categories),
        "procedure": procedure.name,
        "version": procedure.version,
        "stages": json.dumps(STAGES),
        "roles": json.dumps({kind: task.role for kind, task in procedure.tasks.items()}),
        "parts": json.dumps({kind: task.part for kind, task in procedure.tasks.items()}),
    }
