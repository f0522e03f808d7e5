"""What a build was made with, so that a page can tell which changes need another one."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("deployments", "0001_initial")]

    operations = [migrations.AddField("build", "settings", models.JSONField(default=dict))]
