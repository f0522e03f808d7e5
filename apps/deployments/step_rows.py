"""A step of an attempt as its row: when it began, and how it ended."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from apps.deployments.models import Deployment, DeploymentStep
from apps.deployments.open_pages import tell_changed
from apps.deployments.states import StepStatus
from apps.lib.text import storable
from workers.errors import Stopped


@transaction.atomic
def begin_step(deployment: Deployment, name: str) -> DeploymentStep:
    """The row of this attempt's step, running from now. Guarded by the fence."""
    if not Deployment.objects.filter(pk=deployment.pk, fence=deployment.fence).update(step=name):
        raise Stopped("lost")
    deployment.step = name
    which = {"deployment": deployment, "name": name, "attempt": max(1, deployment.attempt)}
    told = {"status": StepStatus.RUNNING, "started_at": timezone.now(), "finished_at": None, "error_code": ""}
    rows = DeploymentStep.objects.filter(**which)  # Nobody else makes one: the deployment's row is locked.
    row = rows.get() if rows.update(**told) else rows.create(**which, **told)
    tell_changed(deployment)
    return row


def end_step(row: DeploymentStep, status: str, *, detail: str = "", code: str = "") -> None:
    row.status = status
    row.finished_at = timezone.now()
    row.detail = storable(detail)[:500]
    row.error_code = code
    row.save(update_fields=["status", "finished_at", "detail", "error_code"])
    tell_changed(row.deployment)
