from django.db import migrations, models

import apps.projects.models


class Migration(migrations.Migration):
    dependencies = [("projects", "0013_scan_policy")]

    operations = [
        migrations.AddField(
            model_name="service",
            name="builder",
            field=models.CharField(
                blank=True,
                choices=[
                    ("", "as detected"),
                    ("slipway", "Slipway"),
                    ("railpack", "Railpack"),
                    ("buildpacks", "Cloud Native Buildpacks"),
                ],
                default="",
                max_length=10,
            ),
        ),
        migrations.AddField(
            model_name="service",
            name="builder_image",
            field=models.CharField(
                blank=True, default="", max_length=400, validators=[apps.projects.models.check_image]
            ),
        ),
    ]
