"""The icon of a page: failed, building, live or idle. Of production, or of the environment that the page shows."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from django.db.models import QuerySet

from apps.deployments.models import Deployment
from apps.deployments.presentation import Health, health_of
from apps.deployments.queries import state_of
from apps.deployments.staged import Staged
from apps.lib.asked_often import asked_often
from apps.projects.models import Environment, Service

ORDER = (("fail", "failed"), ("work", "building"), ("warn", "failed"), ("live", "live"))


def icon_of(kinds: Iterable[str]) -> str:
    """The worst of them."""
    found = set(kinds)
    return next((icon for kind, icon in ORDER if kind in found), "idle")


def icon_at(service: Service, environment: Environment, staged: Staged, health: Health | None = None) -> str:
    """What serves there, and whether something is on its way; one that failed leaves the icon to what goes on serving."""
    kind = (health or _health_at(service, environment, staged.live)).pill.kind
    return icon_of([kind, "work"] if staged.is_at_work else [kind])


def _health_at(service: Service, environment: Environment, live: Deployment | None) -> Health:
    if live is None:
        return health_of(None, next(iter(_newest(service.pk, environment.pk)), None), None)
    return health_of(live, live, state_of(service, environment))


@asked_often
def _newest(service: UUID, environment: UUID) -> QuerySet[Deployment]:
    rows = Deployment.objects.filter(service=service, environment=environment).order_by("-created_at")
    return rows.only("status", "live_at", "cancel_requested_at")[:1]
