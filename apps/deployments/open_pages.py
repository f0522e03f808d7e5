"""Tells open pages that something of a deployment changed, so that they look again."""

from __future__ import annotations

from functools import lru_cache
from uuid import UUID

from apps.deployments import wakeup
from apps.deployments.models import Deployment
from apps.lib import wake
from apps.projects.models import Service


def tell_changed(deployment: Deployment) -> None:
    """Open pages of its service, this one of the deployment too, and of its team look again."""
    wake.tell(f"service.{deployment.service_id}", {"type": "state.changed"})
    wake.tell_team(team_of(deployment.service_id))
    wakeup.outward(deployment)


@lru_cache(maxsize=4096)
def team_of(service_id: UUID) -> UUID:
    """A service stays in its team, so it is asked once."""
    return Service.objects.values_list("project__team_id", flat=True).get(pk=service_id)
