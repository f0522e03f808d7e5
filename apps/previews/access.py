"""Previews as an actor may have them: 404 for strangers, 403 for members without the right."""

from __future__ import annotations

from uuid import UUID

from apps.accounts.access import Actor, not_found
from apps.accounts.policy import Permission
from apps.previews.models import Preview


def preview_for(actor: Actor, preview_id: UUID) -> Preview:
    rows = Preview.objects.visible_to(actor).select_related("project__team", "repository", "environment")
    row: Preview | None = rows.filter(pk=preview_id).first()
    if row is None:
        raise not_found("preview")
    return row


def preview_for_writer(actor: Actor, preview_id: UUID) -> Preview:
    row = preview_for(actor, preview_id)
    actor.require(Permission.DEPLOY, row.project.team_id)
    return row
