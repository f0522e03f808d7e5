from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("projects", "0010_compose")]

    operations = [migrations.AlterModelOptions(name="registry", options={"verbose_name_plural": "registries"})]
