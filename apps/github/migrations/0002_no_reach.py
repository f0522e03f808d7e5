from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("github", "0001_initial")]

    operations = [
        migrations.RemoveField(model_name="githubapp", name="reach"),
        migrations.RemoveField(model_name="githubapp", name="reach_at"),
    ]
