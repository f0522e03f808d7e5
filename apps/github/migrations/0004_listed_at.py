from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("github", "0003_renewing")]

    operations = [
        migrations.AddField("identity", "listed_at", models.DateTimeField(blank=True, null=True)),
    ]
