from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('previews', '0001_initial'),
    ]

    operations = [
        migrations.AddField(
            model_name='preference',
            name='asked_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
    ]
