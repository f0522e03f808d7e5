import apps.lib.encryption
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("deployments", "0007_inspections")]

    operations = [
        migrations.AddField(
            model_name="deployment",
            name="composed",
            field=apps.lib.encryption.EncryptedJSONField(default=dict),
        )
    ]
