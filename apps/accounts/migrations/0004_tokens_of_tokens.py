import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0003_sign_in")]

    operations = [
        migrations.AddField(
            "apitoken",
            "made_with",
            models.ForeignKey(
                blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name="made",
                to="accounts.apitoken",
            ),
        ),
    ]  # fmt: skip
