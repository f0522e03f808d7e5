"""A first deployment waits for what its compose file says that it depends on. Later ones do not: what is live goes on.

Not in charge of waking it again (`outcome` does when one ends, and the reconciler).
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from django.db import transaction

from apps.deployments import outcome
from apps.deployments.lease import AGENT
from apps.deployments.models import Deployment
from apps.deployments.open_pages import tell_changed
from apps.deployments.states import UNFINISHED, Status
from apps.projects.models import Service
from workers.build.compose.run import Run
from workers.errors import Stopped, UserError


def must_wait(deployment_id: str) -> bool:
    """Whether its rollout must not begin: it waits, or it has failed just now because it would wait in vain."""
    rows = Deployment.objects.select_related("service", "environment")
    row = rows.filter(pk=deployment_id, status=Status.DEPLOYING).exclude(lease_owner=AGENT).first()
    last = awaited([row]).get(row.pk) if row is not None else None
    if row is None or last is None:
        return False
    _wait(row, last) if last.status in UNFINISHED else _fail(row, last)
    return True


def awaited(rows: Sequence[Deployment]) -> dict[UUID, Deployment]:
    """Row -> the newest deployment of a service that it depends on and that is not live. One that was never deployed there
    is not waited for. Two queries at most."""
    composed = [row for row in rows if row.service.compose]
    if not composed:
        return {}
    projects = {row.service.project_id for row in composed}
    siblings = Service.objects.filter(project__in=projects, compose__has_key="name")
    there = Deployment.objects.filter(service__in=siblings, environment__in={row.environment_id for row in composed})
    by_place = there.select_related("service").order_by("service_id", "environment_id", "-number")
    newest = list(by_place.distinct("service_id", "environment_id"))
    # Asked last: one that became live since is seen here, and not taken for one that ended without.
    live = {*there.live().values_list("service_id", "environment_id")}
    asleep = [one for one in newest if (one.service_id, one.environment_id) not in live]
    first = [row for row in composed if (row.service_id, row.environment_id) not in live]
    return {row.pk: found[0] for row in first if (found := [one for one in asleep if _depends(row, one)])}


def _depends(row: Deployment, other: Deployment) -> bool:
    here = row.environment_id == other.environment_id and row.service.project_id == other.service.project_id
    return here and other.service.compose["name"] in Run(**row.service.compose).depends_on


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
