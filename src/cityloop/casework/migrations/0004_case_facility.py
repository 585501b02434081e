"""A case may name the facility it is about; the column is found by it, the fact stands in the case's history."""

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
