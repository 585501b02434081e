"""Answers are sealed when they are counted. Those from before are removed: they are counted again when requested."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("evaluation", "0001_figures")]

    operations = [
        migrations.RunSQL("DELETE FROM evaluation_countedanswer", migrations.RunSQL.noop),
        migrations.AddField(model_name="countedanswer", name="seal", field=models.TextField(default="")),
    ]
