from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("projects", "0012_compose_said")]

    operations = [
        migrations.AddField(
            model_name="service",
            name="scan_policy",
            field=models.CharField(
                blank=True,
                choices=[("", "as the installation"), ("warn", "warn"), ("block", "block")],
                default="",
                max_length=5,
            ),
        )
    ]
