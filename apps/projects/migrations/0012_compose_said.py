import apps.lib.encryption
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("projects", "0011_registries")]

    operations = [
        migrations.AddField(
            model_name="service",
            name="compose_said",
            field=apps.lib.encryption.EncryptedJSONField(blank=True, default=dict),
        )
    ]
