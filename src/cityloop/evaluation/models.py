"""Rows of what was exported and counted: kept so that screens read figures without counting. No rules here."""

from django.db import models


class FactEdition(models.Model):
    """A dated snapshot of the facts; its files lie in the home's folder of facts."""

    digest = models.TextField(primary_key=True)  # SHA-256, hexadecimal
    name = models.TextField()
    as_of = models.DateTimeField()
    zone = models.TextField()
    rows = models.JSONField()  # how many of each relation

    class Meta:
        indexes = [models.Index(fields=["as_of"], name="edition_as_of")]


class CountedAnswer(models.Model):
    """What was asked of an edition and, once a worker has counted it, the answer; it can be counted again any time."""

    key = models.TextField(primary_key=True)  # SHA-256 over all that the answer depends on
    edition = models.ForeignKey(FactEdition, on_delete=models.CASCADE, db_index=True)
    pack = models.TextField()
    book = models.TextField()  # the digest of the book
    asked = models.JSONField()
    count = models.TextField(default="")  # the count whose rows are asked for; "": the figures
    asked_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True)
    answer = models.JSONField(null=True)
    failure = models.TextField(default="")  # why it could not be counted: see answers/failures.py
