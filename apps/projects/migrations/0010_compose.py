from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("projects", "0009_images")]

    operations = [
        migrations.AddField(model_name="service", name="compose", field=models.JSONField(blank=True, default=dict)),
    ]
