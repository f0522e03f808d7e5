"""A first deployment waits for what its compose file says that it depends on. Later ones do not: what is live goes on.

Not in charge of waking it again (`outcome` does when one ends, and the reconciler).
"""

from __future__ import annotations

from django.db import transaction

from apps.deployments import outcome
from apps.deployments.lease import AGENT
from apps.deployments.models import Deployment
from apps.deployments.report import tell_changed
from apps.deployments.states import UNFINISHED, Status
from apps.projects.models import Service
from workers.build.compose.run import Run
from workers.errors import Stopped, UserError


def must_wait(deployment_id: str) -> bool:
    """Whether its rollout must not begin: it waits, or it has failed just now because it would wait in vain."""
    rows = Deployment.objects.select_related("service", "environment")
    row = rows.filter(pk=deployment_id, status=Status.DEPLOYING).exclude(lease_owner=AGENT).first()
    last = _awaited(row) if row is not None else None
    if row is None or last is None:
        return False
    _wait(row, last) if last.status in UNFINISHED else _fail(row, last)
    return True


def why_not_yet(row: Deployment) -> str:
    """For people, of one that is on its way to be live; "" when nothing keeps it."""
    last = None if row.lease_owner else _awaited(row)
    return f"It begins when {last.service.name} is live." if last is not None else ""


def _awaited(row: Deployment) -> Deployment | None:
    """The newest deployment of a service that it depends on and that is not live. One that was never deployed here is not
    waited for."""
    if not row.service.compose or Deployment.objects.of(row).live().exists():
        return None
    names = Run(**row.service.compose).depends_on
    for service in Service.objects.filter(project=row.service.project_id, compose__name__in=names):
        rows = Deployment.objects.filter(service=service, environment=row.environment_id)
        last = rows.select_related("service").order_by("-number").first()
        if last is not None and not rows.live().exists():
            return last
    return None


@transaction.atomic
def _wait(row: Deployment, awaited: Deployment) -> None:
    """Said once."""
    mine = Deployment.objects.filter(pk=row.pk, fence=row.fence, status=Status.DEPLOYING)
    if mine.exclude(step="release").update(step="release"):
        place = Run(**row.service.compose).place
        outcome.say(row, f"waits until {awaited.service.name} is live, on which it depends by {place}", kind="line")
        tell_changed(row)


def _fail(row: Deployment, awaited: Deployment) -> None:
    own, other = row.service, awaited.service.name
    error = UserError(
        "compose:user:dependency",
        f"{other} did not become live, and {own.name} depends on it by {Run(**own.compose).place}.",
        hint=f"Mend and deploy {other}, then deploy {own.name} again.",
    )
    try:
        outcome.failed(row, error)
    except Stopped:
        return  # Somebody was quicker.
