from datetime import timedelta
from typing import Any

from django.db import migrations, models

MOMENT = timedelta(minutes=1)  # Between an invitation's end and the event of who joined by it, kept in one transaction.


def verify(apps: Any, schema_editor: Any) -> None:
    """Operators; and whoever joined by an operator's invitation to the address that they still have."""
    User, Event = apps.get_model("accounts", "User"), apps.get_model("accounts", "ActivityEvent")
    User.objects.filter(is_staff=True).update(is_email_verified=True)
    invitations = apps.get_model("accounts", "Invitation").objects
    for row in invitations.filter(invited_by__is_staff=True, accepted_at__isnull=False):
        then = (row.accepted_at - MOMENT, row.accepted_at + MOMENT)
        joined = Event.objects.filter(team_id=row.team_id, verb__startswith="joined as ", created_at__range=then)
        people = User.objects.filter(pk__in=joined.values("subject_id"), email__iexact=row.email)
        people.update(is_email_verified=True)


class Migration(migrations.Migration):
    dependencies = [("accounts", "0004_tokens_of_tokens")]

    operations = [
        migrations.AddField("user", "is_email_verified", models.BooleanField(default=False)),
        migrations.RunPython(verify, migrations.RunPython.noop),
    ]
