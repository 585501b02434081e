"""Verifies that every photo in a history is present, is the one that was given, and belongs to it. Repairs nothing.

A photo is identified by its digest, which the chained event contains; the facts of the camera are stored twice and
compared.
"""

from collections.abc import Iterator

from django.db import connection

from cityloop.casework import models
from cityloop.casework.history import events as history
from cityloop.runtime.files import evidence, photos
from cityloop.runtime.verification import Finding

CHUNK = 500  # rows read at a time

# Nothing else among the answers of an event looks like digests: personal words are elsewhere, as commitments.
_GIVEN = """
    SELECT event.stream, event.seq, answer.key AS name, given.digest
      FROM runtime_event AS event,
           jsonb_each_text(CASE jsonb_typeof(event.payload -> 'answers') WHEN 'object'
                           THEN event.payload -> 'answers' ELSE '{}' END) AS answer,
           unnest(string_to_array(answer.value, ' ')) AS given(digest)
     WHERE event.stream LIKE 'case/%' AND answer.value ~ '^[0-9a-f]{64}( [0-9a-f]{64})*$'
"""
_ROWS = "SELECT 'case/' || case_id AS stream, seq, name, digest FROM casework_evidence"
_WITHOUT_ROW = f"{_GIVEN} EXCEPT {_ROWS} ORDER BY 1, 2, 3, 4"
_WITHOUT_EVENT = f"{_ROWS} EXCEPT {_GIVEN} ORDER BY 1, 2, 3, 4"
_WRONGLY_ERASED = """
    SELECT DISTINCT 'case/' || photo.case_id, photo.seq, photo.name, photo.erased_at IS NOT NULL
      FROM casework_evidence AS photo
     WHERE (photo.erased_at IS NOT NULL) <> EXISTS (
               SELECT 1 FROM runtime_event AS event
                WHERE event.stream = 'case/' || photo.case_id AND event.name = 'WordsErased'
                  AND event.payload -> 'answers' ? (photo.seq || '.' || photo.name))
     ORDER BY 1, 2, 3
"""


def findings() -> Iterator[Finding]:
    """Yield every photo that is missing, was altered, added or removed, or is not erased as the history says."""
    for stream, seq, name, digest in _rows(_WITHOUT_ROW):
        yield Finding(f"{stream}#{seq} {name}", f"the row of the photo {digest[:12]} is missing")
    for stream, seq, name, digest in _rows(_WITHOUT_EVENT):
        yield Finding(f"{stream}#{seq} {name}", f"no event has the photo {digest[:12]}")
    for stream, seq, name, _ in _rows(_WRONGLY_ERASED):
        yield Finding(f"{stream}#{seq} {name}", "the photos are not erased as the history says")
    rows = models.Evidence.objects.filter(erased_at=None).order_by("pk")
    for row in rows.iterator(chunk_size=CHUNK):
        for fault in _faults(row):
            yield Finding(f"{history.stream(row.case_id)}#{row.seq} {row.name}", fault)


def _faults(row: models.Evidence) -> Iterator[str]:
    if fault := evidence.fault(row.digest):
        yield f"the photo {row.digest[:12]}: {fault}"
        return
    if row.media_type != photos.MEDIA_TYPE:
        yield f"the photo {row.digest[:12]}: every photo is {photos.MEDIA_TYPE}, its row says {row.media_type}"
    kept = evidence.holds(row.digest)
    if kept and (kept.size, dict(kept.facts)) != (row.size, row.taken or {}):
        yield f"the photo {row.digest[:12]}: what the camera recorded about it was altered"


def _rows(statement: str) -> list[tuple[str, int, str, str]]:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        rows: list[tuple[str, int, str, str]] = cursor.fetchall()
    return rows
