"""How services stand right now: status, addresses, what is live, what runs. Four queries for any number of services.

Pages and API show the same, because both ask here. Read only.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from uuid import UUID

from django.conf import settings
from django.utils import timezone

from apps.deployments.models import Deployment
from apps.deployments.presentation import Health, health_of
from apps.deployments.states import Status
from apps.hosts.models import ServiceState
from apps.projects.models import Domain, Environment, Service


class ServiceStatus(StrEnum):
    """With a live release: what runs of it. Else: what became of the newest deployment."""

    LIVE = "live"
    DEGRADED = "degraded"  # Some of its instances run.
    DOWN = "down"  # None does.
    UNKNOWN = "unknown"  # Its host was not heard of lately; what runs goes on running.
    NEW = "new"  # Never deployed.
    PENDING = "pending"
    BUILDING = "building"
    DEPLOYING = "deploying"
    FAILED = "failed"
    CANCELLED = "cancelled"
    SUPERSEDED = "superseded"


@dataclass
class Overview:
    hosts: list[str] = field(default_factory=list)
    live: Deployment | None = None
    latest: Deployment | None = None
    state: ServiceState | None = None

    @property
    def health(self) -> Health:
        return health_of(self.live, self.latest, self.state)

    @property
    def status(self) -> ServiceStatus:
        """The same judgement as the pages' pill, in words that never change."""
        if self.live is None:
            return ServiceStatus(self.latest.status) if self.latest else ServiceStatus.NEW
        health = self.health
        up = [instance["is_up"] for instance in health.instances if instance["is_live"]]
        if health.is_stale:
            return ServiceStatus.UNKNOWN
        if up and all(up):
            return ServiceStatus.LIVE
        return ServiceStatus.DEGRADED if any(up) else ServiceStatus.DOWN

    @property
    def urls(self) -> list[str]:
        """One's own host names first."""
        return [settings.SLIPWAY.public_url(host) for host in self.hosts]

    @property
    def age_seconds(self) -> float | None:
        """How old the last word of the host is."""
        return None if self.state is None else (timezone.now() - self.state.reported_at).total_seconds()


def overviews(services: Iterable[Service], environment: Environment | None = None) -> dict[UUID, Overview]:
    """Service id -> how it stands in `environment`, or in production."""
    found = {service.pk: Overview() for service in services}
    where: dict[str, Any] = {"environment": environment} if environment else {"environment__slug": "production"}
    mine = {"service__in": list(found), **where}
    for domain in Domain.objects.filter(**mine).order_by("is_generated", "created_at"):
        found[domain.service_id].hosts.append(domain.host)
    for state in ServiceState.objects.filter(**mine).order_by("reported_at"):
        found[state.service_id].state = state
    rows = Deployment.objects.filter(**mine).select_related("release__build", "build", "environment")
    rows = rows.defer("release__variables")
    for row in rows.filter(status=Status.LIVE):
        found[row.service_id].live = row
    for row in rows.order_by("service_id", "-number").distinct("service_id"):
        found[row.service_id].latest = row
    return found
