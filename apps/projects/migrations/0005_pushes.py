"""Which pushes deploy a service: paths, tags, and whether its checks are waited for."""

from django.db import migrations, models

import apps.projects.models


class Migration(migrations.Migration):
    dependencies = [("projects", "0004_limits")]

    operations = [
        migrations.AddField("service", "deploy_tags", models.CharField(blank=True, default="", max_length=250)),
        migrations.AddField("service", "wait_for_ci", models.BooleanField(default=False)),
        migrations.AddField(
            "service",
            "watch_paths",
            models.TextField(
                blank=True, default="", max_length=4000, validators=[apps.projects.models.check_globs]
            ),
        ),
    ]
