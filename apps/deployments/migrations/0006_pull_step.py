from django.db import migrations, models

from apps.deployments.states import STEPS


class Migration(migrations.Migration):
    dependencies = [("deployments", "0005_plan")]

    operations = [
        migrations.AlterField(
            model_name="deploymentstep",
            name="name",
            field=models.CharField(choices=[(step, step) for step in STEPS], max_length=12),
        ),
    ]
