"""What operators see of all teams' queue and may do to it. Never what a team's things say.

Being an operator opens no team: no page, log or value of another team's service is shown here.
"""

from __future__ import annotations

from uuid import UUID

from django.db import transaction
from django.db.models.functions import Now

from apps.accounts.access import Actor, not_found
from apps.accounts.actions import record
from apps.accounts.installation import is_operator, require_operator
from apps.deployments import outcome, wakeup
from apps.deployments.lease import AGENT
from apps.deployments.models import Deployment
from apps.deployments.why_waiting import why_each_waits, why_waiting
from workers.errors import UserError


def queue() -> list[Deployment]:
    """What waits and what is under way, oldest first, and why each has not begun."""
    found = Deployment.objects.unfinished().select_related("service__project__team", "environment")
    rows = list(found.order_by("created_at")[:200])
    whys = why_each_waits(rows)
    for row in rows:
        row.waits = whys[row.pk]
    return rows


def queued_for(actor: Actor, deployment_id: UUID, *, on_page: bool = False) -> Deployment:
    """For operators any unfinished or finished deployment; members of its team get 403 by the API, others 404."""
    rows = Deployment.objects.select_related("service__project__team", "environment")
    row: Deployment | None = rows.filter(pk=deployment_id).first()
    is_hidden = row is None or (row.service.team_id not in actor.teams and not is_operator(actor))
    if row is None or is_hidden or (on_page and not is_operator(actor)):
        raise not_found("deployment")
    require_operator(actor, "change the queue")
    return row


@transaction.atomic
def cancel_queued(*, actor: Actor, deployment: Deployment) -> Deployment:
    """As its own team would; said in that team's activity."""
    require_operator(actor, "change the queue")
    row = Deployment.objects.select_for_update(of=("self",)).get(pk=deployment.pk)
    if row.is_finished:
        raise UserError("deployment:user:finished", f"This deployment is {row.status} already.", status=409)
    Deployment.objects.filter(pk=row.pk).update(cancel_requested_at=Now())
    if row.lease_owner in ("", AGENT):
        outcome.cancelled(row)
    record(
        actor=actor, team_id=row.service.team_id, verb="cancelled as an operator", subject=row.service,
        deployment=row.key,
    )  # fmt: skip
    row.refresh_from_db()
    return row


@transaction.atomic
def wake_queued(*, actor: Actor, deployment: Deployment) -> Deployment:
    """Send its wake-up again. One that somebody works on, or that waits for another of its service, is not changed."""
    require_operator(actor, "change the queue")
    if deployment.is_finished:
        raise UserError(
            "deployment:user:finished", f"This deployment is {deployment.status} already.",
            hint="Deploy it again on its service's page.", status=409,
        )  # fmt: skip
    wakeup.begin(deployment)
    deployment.waits = why_waiting(deployment)
    return deployment
