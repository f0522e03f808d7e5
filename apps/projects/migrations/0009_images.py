import uuid

import django.db.models.deletion
from django.db import migrations, models

import apps.lib.encryption


class Migration(migrations.Migration):
    dependencies = [("accounts", "0003_sign_in"), ("projects", "0008_plan_settings")]

    operations = [
        migrations.AddField(
            model_name="service", name="image", field=models.CharField(blank=True, default="", max_length=400)
        ),
        migrations.AlterField(
            model_name="service", name="source_url", field=models.CharField(blank=True, max_length=500)
        ),
        migrations.CreateModel(
            name="Registry",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(auto_now_add=True, db_index=True)),
                ("host", models.CharField(max_length=250)),
                ("username", models.CharField(max_length=200)),
                ("password", apps.lib.encryption.EncryptedTextField()),
                (
                    "team",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="registries", to="accounts.team"
                    ),
                ),
            ],
            options={"constraints": [models.UniqueConstraint(fields=("team", "host"), name="registry_once")]},
        ),
    ]
