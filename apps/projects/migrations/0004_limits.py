"""Upper limits of what a service may ask for. Rules of forms and actions only: nothing in the database changes."""

import django.core.validators
from django.db import migrations, models

import apps.projects.models

finite = apps.projects.models.finite


def between(least, most):
    return [django.core.validators.MinValueValidator(least), django.core.validators.MaxValueValidator(most)]


class Migration(migrations.Migration):
    dependencies = [("projects", "0003_variable_history")]

    operations = [
        migrations.AlterField(
            "service",
            "build_memory_mb",
            models.PositiveIntegerField(blank=True, null=True, validators=between(128, 262144)),
        ),
        migrations.AlterField(
            "service",
            "build_timeout_seconds",
            models.PositiveIntegerField(blank=True, null=True, validators=between(10, 14400)),
        ),
        migrations.AlterField(
            "service", "cpus", models.FloatField(default=1.0, validators=[finite, *between(0.05, 256)])
        ),
        migrations.AlterField(
            "service", "drain_seconds", models.FloatField(default=30.0, validators=[finite, *between(0, 600)])
        ),
        migrations.AlterField(
            "service", "health_deadline_seconds", models.FloatField(default=60.0, validators=[finite, *between(1, 900)])
        ),
        migrations.AlterField(
            "service",
            "health_interval_seconds",
            models.FloatField(default=0.5, validators=[finite, *between(0.02, 60)]),
        ),
        migrations.AlterField(
            "service", "memory_mb", models.PositiveIntegerField(default=512, validators=between(16, 1048576))
        ),
        migrations.AlterField(
            "service", "observation_seconds", models.FloatField(default=60.0, validators=[finite, *between(0, 900)])
        ),
        migrations.AlterField(
            "service", "pids", models.PositiveIntegerField(default=512, validators=between(16, 65536))
        ),
        migrations.AlterField(
            "service", "releases_kept", models.PositiveSmallIntegerField(default=10, validators=between(1, 100))
        ),
    ]
