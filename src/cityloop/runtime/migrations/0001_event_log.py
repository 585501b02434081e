"""The event log, its commit-safe order and its readers."""

from django.db import migrations, models

import cityloop.runtime.models

# The offset is 0 in a fresh database. A restored one has a younger transaction counter than the events it holds:
# restoring raises the offset above every ordinal, so that new events still come after the old ones.
ORDER = """
CREATE FUNCTION cityloop_log_offset() RETURNS bigint LANGUAGE sql IMMUTABLE AS 'SELECT 0::bigint';
CREATE FUNCTION cityloop_log_ordinal() RETURNS bigint LANGUAGE sql VOLATILE AS
  'SELECT pg_current_xact_id()::text::bigint + cityloop_log_offset()';
CREATE FUNCTION cityloop_log_horizon() RETURNS bigint LANGUAGE sql STABLE AS
  'SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint + cityloop_log_offset()';
"""
NO_ORDER = """
DROP FUNCTION cityloop_log_horizon();
DROP FUNCTION cityloop_log_ordinal();
DROP FUNCTION cityloop_log_offset();
"""

# The history is append-only even for a program that would forget it.
APPEND_ONLY = """
CREATE FUNCTION cityloop_refuse_change() RETURNS trigger LANGUAGE plpgsql AS
  $$ BEGIN RAISE EXCEPTION 'the event log is append-only'; END $$;
CREATE TRIGGER event_append_only BEFORE UPDATE OR DELETE ON runtime_event
  FOR EACH ROW EXECUTE FUNCTION cityloop_refuse_change();
"""
NOT_APPEND_ONLY = """
DROP TRIGGER event_append_only ON runtime_event;
DROP FUNCTION cityloop_refuse_change();
"""


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [
        migrations.RunSQL(ORDER, NO_ORDER),
        migrations.CreateModel(
            name="Event",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("ordinal", models.BigIntegerField(db_default=cityloop.runtime.models.LogOrdinal(), editable=False)),
                ("stream", models.TextField()),
                ("seq", models.IntegerField()),
                ("name", models.TextField()),
                ("actor", models.TextField()),
                ("at", models.DateTimeField()),
                ("payload", models.JSONField()),
                ("hash", models.BinaryField(max_length=32)),
            ],
            options={
                "indexes": [models.Index(fields=["ordinal", "id"], name="event_order")],
                "constraints": [models.UniqueConstraint(fields=("stream", "seq"), name="event_stream_seq")],
            },
        ),
        migrations.CreateModel(
            name="Subscription",
            fields=[
                ("name", models.TextField(primary_key=True, serialize=False)),
                ("ordinal", models.BigIntegerField(default=-1)),
                ("event_id", models.BigIntegerField(default=0)),
                ("failing_since", models.DateTimeField(null=True)),
                ("failure", models.TextField(default="")),
            ],
        ),
        migrations.RunSQL(APPEND_ONLY, NOT_APPEND_ONLY),
    ]
