"""Tables of the event log and of its readers. No rules here."""

from django.db import models
from django.db.models import Func


class LogOrdinal(Func):
    """The number of the writing transaction: the log's commit-safe order (see log/announcer.py)."""

    function = "cityloop_log_ordinal"
    output_field = models.BigIntegerField()


class Event(models.Model):
    """One thing that happened, chained to the event before it in its stream. Never updated, never deleted."""

    ordinal = models.BigIntegerField(db_default=LogOrdinal(), editable=False)
    stream = models.TextField()  # what it happened to: case/17, account/3, registry
    seq = models.IntegerField()  # 1, 2, 3 … within the stream
    name = models.TextField()
    actor = models.TextField()
    at = models.DateTimeField()
    payload = models.JSONField()
    hash = models.BinaryField(max_length=32)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["stream", "seq"], name="event_stream_seq")]
        indexes = [models.Index(fields=["ordinal", "id"], name="event_order")]


class Subscription(models.Model):
    """How far a subscriber has read the log; moved in the same transaction as what the subscriber wrote."""

    name = models.TextField(primary_key=True)
    ordinal = models.BigIntegerField(default=-1)
    event_id = models.BigIntegerField(default=0)
    failing_since = models.DateTimeField(null=True)
    failure = models.TextField(default="")
