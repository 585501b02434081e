"""A restored city continues: new events follow the restored ones, though the server counts its transactions again."""

from pathlib import Path

import pytest
from django.db import connection, transaction

from cityloop.runtime import verification
from cityloop.runtime.log import announcer, events
from cityloop.runtime.log.restored import note_restore
from cityloop.runtime.models import Event, Subscription
from example import NOW

pytestmark = [pytest.mark.server]


@pytest.mark.django_db(transaction=True)
def test_new_events_come_after_restored_ones(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    seen: list[str] = []
    monkeypatch.setattr(announcer, "_subscribers", {})
    announcer.subscribe("reader")(lambda batch: seen.extend(event.stream for event in batch))
    with transaction.atomic():
        events.record("old/1", "ThingHappened", "test", NOW, {})
    with connection.cursor() as cursor:  # as if the old server had counted much further than this one
        cursor.execute("ALTER TABLE runtime_event DISABLE TRIGGER event_append_only")
        cursor.execute("UPDATE runtime_event SET ordinal = ordinal + 1000000000")
        cursor.execute("ALTER TABLE runtime_event ENABLE TRIGGER event_append_only")
    last = Event.objects.get(stream="old/1")
    Subscription.objects.create(name="reader", ordinal=last.ordinal, event_id=last.pk)
    try:
        connection.ensure_connection()
        note_restore(connection.connection, "2026-11-01T00:00:00+00:00", NOW)
        with transaction.atomic():
            events.record("new/1", "ThingHappened", "test", NOW, {})
        assert announcer.announce_all() == 2 and seen == ["log", "new/1"]
        restored = Event.objects.get(name="CityRestored")
        assert restored.payload == {"made_at": "2026-11-01T00:00:00+00:00"}
        assert list(verification.findings(tmp_path)) == []
    finally:
        with connection.cursor() as cursor:
            cursor.execute(
                "CREATE OR REPLACE FUNCTION cityloop_log_offset() RETURNS bigint LANGUAGE sql IMMUTABLE "
                "AS 'SELECT 0::bigint'"
            )
