"""The bulk benchmark: reports handed in a thousand at a time, as imports and hotlines do, against a bare COPY.

The rows that the reports became are copied: into tables without an index, a key or a check, and into tables with our
keys and indexes. All take turns.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from cityloop.entry.console.opening import Tell

BATCH = 1000  # reports in one transaction, as `cityloop import reports` has
TURN = 5 * BATCH
TABLES = {  # each with the condition for the rows of cases after an id
    "casework_case": "id > %s",
    "casework_task": "case_id > %s",
    "casework_personalwords": "case_id > %s",
    "intake_report": "case_id > %s",
    "runtime_event": "stream LIKE 'case/%%' AND substr(stream, 6)::bigint > %s",
}


@dataclass(frozen=True, slots=True)
class BulkFigures:
    """The number of reports, and the seconds that receiving them and copying their rows took."""

    reports: int
    seconds: float
    copy_seconds: float
    indexed_seconds: float  # of copying into tables with our keys and indexes

    @property
    def rate(self) -> float:
        return self.reports / self.seconds

    @property
    def ratio(self) -> float:
        """The speed of intake relative to a bare COPY of the same rows."""
        return self.copy_seconds / self.seconds

    @property
    def indexed_ratio(self) -> float:
        """The speed of intake relative to a COPY into tables with our keys and indexes."""
        return self.indexed_seconds / self.seconds


def measure(reports: int, tell: Tell) -> BulkFigures:
    """Hand in `reports` reports and copy their rows, in turns."""
    from cityloop.registry.city.current import current_city

    chance, actor = Random(1), _sender()  # noqa: S311  # the same reports every time
    _make_floor()
    taking = copying = indexed = 0.0
    taken = 0
    city = current_city()
    while taken < reports:
        contents = [_content(taken + n, chance, list(city.categories)) for n in range(min(TURN, reports - taken))]
        before = _last_case()
        taking += _take(contents, actor)
        copied = _copy(before)
        copying, indexed = copying + copied[0], indexed + copied[1]
        taken += len(contents)
        tell(f"{taken:,} reports, {taken / taking:,.0f}/s")
    return BulkFigures(taken, taking, copying, indexed)


def _take(contents: Sequence[dict[str, Any]], actor: Any) -> float:
    from django.conf import settings

    from cityloop.intake.actions import receive_many
    from cityloop.intake.reports import read
    from cityloop.runtime import clock

    began_at = time.perf_counter()
    for first in range(0, len(contents), BATCH):
        now = clock.now()
        batch = [read(content, settings.CITYLOOP.zone, now) for content in contents[first : first + BATCH]]
        receive_many(batch, actor, now)
    return time.perf_counter() - began_at


def _copy(after: int) -> tuple[float, float]:
    """Return the seconds of copying the rows of cases after an id, bare and indexed; reading is not counted."""
    bare = indexed = 0.0
    for table, condition in TABLES.items():
        query = f"COPY (SELECT * FROM {table} WHERE {condition % after}) TO STDOUT"  # noqa: S608  # our own names
        blocks = _copy_out(query)
        bare += _copy_in(f"bench_{table}", blocks)
        indexed += _copy_in(f"indexed_{table}", blocks)
    return bare, indexed


def _copy_out(query: str) -> list[bytes]:
    from django.db import connection

    connection.ensure_connection()
    with connection.connection.cursor() as cursor, cursor.copy(query.replace("%%", "%")) as out:
        return [bytes(block) for block in out]


def _copy_in(table: str, blocks: Sequence[bytes]) -> float:
    """Return the seconds of writing the blocks into a table."""
    from django.db import connection

    began_at = time.perf_counter()
    with connection.connection.cursor() as cursor, cursor.copy(f"COPY {table} FROM STDIN") as into:
        for block in blocks:
            into.write(block)
    return time.perf_counter() - began_at


def _make_floor() -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        for table in TABLES:
            cursor.execute(f"CREATE TABLE bench_{table} (LIKE {table})")
            cursor.execute(f"CREATE TABLE indexed_{table} (LIKE {table} INCLUDING ALL)")


def _last_case() -> int:
    from django.db.models import Max

    from cityloop.casework.models import Case

    return Case.objects.aggregate(last=Max("id"))["last"] or 0


def _content(number: int, chance: Random, categories: Sequence[str]) -> dict[str, Any]:
    """Return a report as a hotline sends it: a text, a place, a class, a reporter."""
    from cityloop.entry.demo.script import script

    (lon, lat), (wide, high) = script().centre, script().span
    return {
        "channel": "bulk",
        "external_id": f"B{number:08d}",
        "text": f"市民反映第{number}处路面破损，积水严重，影响通行，请尽快处理。",
        "lon": round(lon + (chance.random() - 0.5) * wide, 6),
        "lat": round(lat + (chance.random() - 0.5) * high, 6),
        "category": chance.choice(categories),
        "address": f"长江路{chance.randrange(1, 900)}号",
        "reporter": {"name": "王先生", "phone": f"120{number:08d}"},
    }


def _sender() -> Any:
    from cityloop.registry.organisation.actors import actor_of
    from cityloop.registry.people import accounts
    from cityloop.runtime import clock

    now = clock.now()
    account = accounts.create_account("bulk-sender", "bulk-sender", None, "bench", now, is_machine=True)
    accounts.appoint("bulk-sender", accounts.PARTNER, "connected-systems", None, "bench", now)
    return actor_of(account)
