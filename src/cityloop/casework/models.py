"""The tables of cases and tasks: projections of the history, which can be rebuilt from it at any time."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, JSONField, Q, Value
from django.db.models.functions import Coalesce


class Case(models.Model):
    """The present state of a case. `length` and `head` are the number and hash of the last event of its stream."""

    id = models.BigIntegerField(primary_key=True)  # taken from the sequence casework_case_number
    number = models.TextField(unique=True)
    procedure = models.TextField()
    version = models.IntegerField()
    stage = models.TextField()
    is_open = models.BooleanField()
    length = models.IntegerField()
    head = models.BinaryField(max_length=32)
    facts = models.JSONField()
    category = models.TextField(null=True)
    district = models.TextField(null=True)
    community = models.TextField(null=True)
    facility = models.TextField(null=True)  # the id of the facility it is about
    address = models.TextField(null=True)  # this and the next are personal words that lists show; erased with them
    category_words = models.TextField(null=True)  # what the reporter's channel called it, if that is not a class
    reported_at = models.DateTimeField()
    opened_at = models.DateTimeField()
    clock_started_at = models.DateTimeField(null=True)
    case_limit = models.TextField(null=True)
    case_due_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    handlers = ArrayField(models.TextField(), default=list)
    handling_units = ArrayField(models.TextField(), default=list)
    units = ArrayField(models.TextField(), db_default=Value([], ArrayField(models.TextField())))  # that held a task
    stage_since = models.IntegerField(db_default=1)  # the event that brought it to its stage
    counts = models.BooleanField(db_default=True)  # False: voided, left out of every figure
    done = models.JSONField(db_default=Value({}, JSONField()))  # how often each action was done
    links = models.JSONField(db_default=Value([], JSONField()))  # other cases and their relation to this one
    clock_facts = models.JSONField(null=True)  # what happened to its clock; None: nothing since its start
    fired = models.IntegerField(db_default=0)  # timers of its clock that have run out
    wake_at = models.DateTimeField(null=True)  # when the next timer runs out
    request = models.TextField(null=True, unique=True)  # the key of the request that began it by hand

    class Meta:
        indexes = [
            models.Index(fields=["facility", "id"], name="case_facility", condition=Q(facility__isnull=False)),
            models.Index(fields=["wake_at"], name="case_timer", condition=Q(is_open=True, wake_at__isnull=False)),
            models.Index(fields=["reported_at", "id"], name="case_reported"),
            models.Index(fields=["district", "reported_at", "id"], name="case_district_reported"),
            models.Index(
                fields=["clock_started_at", "district"], name="case_filed", condition=Q(clock_started_at__isnull=False)
            ),
            models.Index(
                fields=["closed_at", "district"],
                name="case_closed",
                condition=Q(closed_at__isnull=False, clock_started_at__isnull=False),
            ),
        ]


class Task(models.Model):
    """One task of a case."""

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="tasks", db_index=False)
    no = models.IntegerField()
    kind = models.TextField()
    role = models.TextField()
    part = models.TextField()
    unit = models.TextField(null=True)
    district = models.TextField(null=True)  # the case's, kept here so that a queue reads one index
    community = models.TextField(null=True)
    opened_at = models.DateTimeField()
    limit = models.TextField(null=True)
    yellow_at = models.DateTimeField(null=True)  # when 80 % of the limit is used
    due_at = models.DateTimeField(null=True)
    done_at = models.DateTimeField(null=True)
    outcome = models.TextField(null=True)
    passed_at = models.DateTimeField(null=True)  # when it was noted that the limit had passed
    parent = models.IntegerField(null=True)  # the task it is under, or came from
    batch = models.IntegerField(db_default=0)  # the event that opened it
    clock_facts = models.JSONField(null=True)  # what happened to its clock; None: nothing since it was opened
    fired = models.IntegerField(db_default=0)  # timers of its clock that have run out
    wake_at = models.DateTimeField(null=True)  # when the next timer runs out

    class Meta:
        constraints = [models.UniqueConstraint(fields=["case", "no"], name="task_case_no")]  # also the index by case
        indexes = [
            # "unit IS NULL" is not an equality: PostgreSQL would read and sort every task that no unit holds.
            models.Index(
                F("role"),
                Coalesce("unit", Value("")),
                F("due_at"),
                F("id"),
                name="task_queue",
                condition=Q(done_at__isnull=True),
            ),
            models.Index(
                F("role"), F("district"), F("due_at"), F("id"), name="task_district", condition=Q(done_at__isnull=True)
            ),
            models.Index(
                fields=["wake_at"], name="task_wake", condition=Q(done_at__isnull=True, wake_at__isnull=False)
            ),
        ]


class PersonalWords(models.Model):
    """Personal words of an event, stored apart from it, so that erasing them leaves the chain valid."""

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="words", db_index=False)
    seq = models.IntegerField()  # of the event they belong to
    name = models.TextField()
    salt = models.BinaryField(max_length=16, null=True)
    body = models.TextField(null=True)  # what identifies a reporter is encrypted
    erased_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["case", "seq", "name"], name="words_of_event")]  # index by case


class Evidence(models.Model):
    """A photo given with an action; its file is stored under its digest, outside the database."""

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="evidence", db_index=False)
    seq = models.IntegerField()  # of the event it belongs to
    name = models.TextField()  # of the need it answers
    digest = models.TextField()  # SHA-256, hexadecimal
    media_type = models.TextField()
    size = models.BigIntegerField()  # bytes
    taken = models.JSONField(null=True)  # the moment and place that the camera recorded
    erased_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["case", "seq", "name", "digest"], name="evidence_once")]
        indexes = [models.Index(fields=["digest"], name="evidence_digest", condition=Q(erased_at__isnull=True))]
