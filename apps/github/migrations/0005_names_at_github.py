from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("github", "0004_listed_at")]

    operations = [
        migrations.AddField("connection", "may_tell", models.BooleanField(default=True)),
        migrations.AddField("connection", "label", models.CharField(blank=True, max_length=130)),
        migrations.AddField("connection", "is_plain", models.BooleanField(default=False)),
    ]
