"""A restored city goes on: what happens after comes after, though the server counts its transactions anew."""

import pytest
from django.db import connection, transaction

from cityloop.runtime import announcer, events
from cityloop.runtime.models import Event, Subscription
from cityloop.runtime.restored import raise_log_offset
from town import NOW


@pytest.mark.django_db(transaction=True)
def test_new_events_come_after_restored_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []
    monkeypatch.setattr(announcer, "_subscribers", {})
    announcer.subscribe("reader")(lambda batch: seen.extend(event.stream for event in batch))
    with transaction.atomic():
        events.record("old/1", "ThingHappened", "test", NOW, {})
    with connection.cursor() as cursor:  # as if the old server had counted much further than this one
        cursor.execute("ALTER TABLE runtime_event DISABLE TRIGGER event_append_only")
        cursor.execute("UPDATE runtime_event SET ordinal = ordinal + 1000000000")
        cursor.execute("ALTER TABLE runtime_event ENABLE TRIGGER event_append_only")
    last = Event.objects.get()
    Subscription.objects.create(name="reader", ordinal=last.ordinal, event_id=last.pk)
    try:
        connection.ensure_connection()
        raise_log_offset(connection.connection)
        with transaction.atomic():
            events.record("new/1", "ThingHappened", "test", NOW, {})
        assert announcer.announce_all() == 1 and seen == ["new/1"]
    finally:
        with connection.cursor() as cursor:
            cursor.execute(
                "CREATE OR REPLACE FUNCTION cityloop_log_offset() RETURNS bigint LANGUAGE sql IMMUTABLE "
                "AS 'SELECT 0::bigint'"
            )
