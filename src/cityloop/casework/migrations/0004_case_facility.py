"""Adds the facility that a case is about, with an index; the fact itself is in the case's history."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("casework", "0003_as_their_history_says")]

    operations = [
        migrations.AddField("case", "facility", models.TextField(null=True)),
        migrations.AddIndex(
            "case",
            models.Index(
                condition=models.Q(("facility__isnull", False)), fields=["facility", "id"], name="case_facility"
            ),
        ),
    ]
