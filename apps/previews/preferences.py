"""Choosing what a service wants of pull requests. Not in charge of making what it wants (`periodic.find_open`)."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from apps.accounts.access import Actor
from apps.accounts.actions import record
from apps.accounts.policy import Permission
from apps.deployments.lease import lock_all
from apps.lib import wake
from apps.previews import environments
from apps.previews.models import Preference, Preview, Removed, State, preference_of
from apps.previews.refreshing import OFF
from apps.projects.models import Service
from workers.errors import UserError


@transaction.atomic
def set_preference(*, actor: Actor, service: Service, **told: Any) -> Preference:
    """`is_on`, `drafts`, `limit`, `days`: only what is told changes. Turned off, the service leaves all its previews."""
    actor.require(Permission.WRITE_SERVICE, service.team_id)
    lock_all(service.project_id)
    row = preference_of(service)
    before = {name: getattr(row, name) for name in told}
    for name, value in told.items():
        setattr(row, name, value)
    try:
        row.full_clean(validate_unique=False)
    except ValidationError as error:
        field, reasons = next(iter(error.message_dict.items()))
        raise UserError("preview:user:invalid-setting", f"{field}: {' '.join(reasons)}", status=422) from error
    changed = sorted(name for name, value in before.items() if value != getattr(row, name))
    if changed:
        row.asked_at = None  # What is open already is looked at (`periodic.find_open`).
    row.save()
    if changed:
        record(actor=actor, team_id=service.team_id, verb="changed previews of", subject=service, fields=changed)
    if not row.is_on:
        _leave_all(service, actor)
    return row


def _leave_all(service: Service, actor: Actor) -> None:
    """Call with all services of the project locked."""
    rows = Preview.objects.filter(parts__service=service).exclude(parts__service=service, parts__state=State.REMOVED)
    for row in [environments.locked(key) for key in sorted(set(rows.values_list("pk", flat=True)))]:
        environments.leave(row, service, OFF)
        if row.environment is not None and not row.parts.exclude(state=State.REMOVED).exists():
            environments.remove(row, Removed.UNWANTED, OFF, actor=actor)
        row.save()
        wake.tell_team(service.team_id)
