from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0004_tokens_of_tokens")]

    operations = [
        migrations.AddField("user", "is_email_verified", models.BooleanField(default=False)),
    ]
