from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("registry", "0003_the_city_as_data"),
        ("sessions", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="FailedSignIns",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("person", models.TextField()),
                ("address", models.TextField()),
                ("failures", models.IntegerField()),
                ("since", models.DateTimeField()),
                ("locked_until", models.DateTimeField(null=True)),
            ],
        ),
        migrations.AddConstraint(
            model_name="failedsignins",
            constraint=models.UniqueConstraint(fields=("person", "address"), name="failed_sign_ins_once"),
        ),
        # Sessions of before are in no list from which somebody could end them: everybody signs in once more.
        migrations.RunSQL("DELETE FROM django_session", migrations.RunSQL.noop),
    ]
