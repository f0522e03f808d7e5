import django.core.validators
from django.db import migrations, models

import apps.projects.models


class Migration(migrations.Migration):
    dependencies = [("projects", "0007_environment_kinds")]

    operations = [
        migrations.AddField(
            model_name="service",
            name="language_version",
            field=models.CharField(
                blank=True,
                default="",
                max_length=64,
                validators=[
                    django.core.validators.RegexValidator(
                        "^[A-Za-z0-9.*/^~<>=!, |-]{1,64}\\Z", "Write a version such as 3.12 or >=20."
                    )
                ],
            ),
        ),
        migrations.AddField(
            model_name="service",
            name="packages",
            field=models.CharField(
                blank=True, default="", max_length=1000, validators=[apps.projects.models.check_packages]
            ),
        ),
    ]
