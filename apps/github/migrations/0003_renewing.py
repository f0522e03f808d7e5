from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("github", "0002_no_reach")]

    operations = [
        migrations.AddField("identity", "refreshing_until", models.DateTimeField(blank=True, null=True)),
    ]
