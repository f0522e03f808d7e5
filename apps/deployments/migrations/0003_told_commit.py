"""What a push told of its commit stands in the deployment before there is a build."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("deployments", "0002_build_settings")]

    operations = [
        migrations.AddField("deployment", "message", models.CharField(blank=True, default="", max_length=300), preserve_default=False),
        migrations.AddField("deployment", "author", models.CharField(blank=True, default="", max_length=200), preserve_default=False),
    ]
