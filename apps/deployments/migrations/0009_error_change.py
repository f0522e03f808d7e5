from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("deployments", "0008_composed")]

    operations = [
        migrations.AddField(model_name="deployment", name="error_change", field=models.JSONField(default=dict)),
    ]
