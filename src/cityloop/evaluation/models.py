"""Rows of exported facts and counted answers, so that screens read figures without counting. No rules here."""

from django.db import models


class FactEdition(models.Model):
    """A dated snapshot of the facts; its files are in the home's folder of facts."""

    digest = models.TextField(primary_key=True)  # SHA-256, hexadecimal
    name = models.TextField()
    as_of = models.DateTimeField()
    zone = models.TextField()
    rows = models.JSONField()  # how many of each relation

    class Meta:
        indexes = [models.Index(fields=["as_of"], name="edition_as_of")]


class CountedAnswer(models.Model):
    """A question to an edition and, once a worker has counted it, the answer; it can be counted again at any time."""

    key = models.TextField(primary_key=True)  # SHA-256 over everything that the answer depends on
    edition = models.ForeignKey(FactEdition, on_delete=models.CASCADE, db_index=True)
    pack = models.TextField()
    book = models.TextField()  # the digest of the book
    asked = models.JSONField()
    count = models.TextField(default="")  # the count whose rows are requested; "": the figures
    asked_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True)
    answer = models.JSONField(null=True)
    seal = models.TextField(default="")  # binds the answer to its question: `cityloop verify` finds a forged one
    failure = models.TextField(default="")  # why it could not be counted: see answers/failures.py
