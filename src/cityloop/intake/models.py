"""The table of reports: with it, handing in the same report twice is harmless. No rules here."""

from django.db import models


class Report(models.Model):
    """A report that became a case. Its personal words are kept with the case."""

    channel = models.TextField()
    external_id = models.TextField()
    digest = models.TextField()  # of the content, to tell a retry from a different report under the same id
    tracking_code = models.TextField()
    case = models.ForeignKey("casework.Case", on_delete=models.PROTECT, related_name="reports")
    number = models.TextField()
    received_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["channel", "external_id"], name="report_once"),
            models.UniqueConstraint(fields=["tracking_code"], name="report_tracking_code"),
        ]
