from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0005_verified_addresses")]

    operations = [
        migrations.AddField(model_name="installation", name="disk_budget_gb", field=models.FloatField(default=0.0)),
    ]
