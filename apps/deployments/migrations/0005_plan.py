from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("deployments", "0004_environment_logs")]

    operations = [
        migrations.AddField(model_name="deployment", name="plan", field=models.JSONField(default=dict)),
    ]
