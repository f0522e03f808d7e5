"""Who set a variable last, and deleted ones that can be brought back for some minutes."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("projects", "0002_domain_checks"),
    ]

    operations = [
        migrations.AddField("variable", "deleted_at", models.DateTimeField(blank=True, null=True)),
        migrations.AddField(
            "variable",
            "updated_by",
            models.ForeignKey(
                blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField("variable", "updated_by_name", models.CharField(blank=True, max_length=100)),
        migrations.RemoveConstraint("variable", "variable_once"),
        migrations.AddConstraint(
            "variable",
            models.UniqueConstraint(
                condition=models.Q(("deleted_at__isnull", True)),
                fields=("project", "environment", "service", "name"),
                name="variable_once",
                nulls_distinct=False,
            ),
        ),
    ]
