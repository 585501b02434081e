"""What the tests of the event log share: recording events, and altering the log as a forger would."""

from django.db import connection, transaction

from cityloop.runtime.log import events
from example import NOW


def happen(stream: str, times: int = 1) -> None:
    """Record events, each in its own transaction."""
    for _ in range(times):
        with transaction.atomic():
            events.record(stream, "ThingHappened", "test", NOW, {"words": "字"})


def tamper(statement: str) -> None:
    """Change the log as only somebody with the database's own password can."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE runtime_event DISABLE TRIGGER event_append_only")
        cursor.execute(statement)
        cursor.execute("ALTER TABLE runtime_event ENABLE TRIGGER event_append_only")
