"""Where pushes to a branch are deployed: production of each service that follows it, and other environments by their own
branch, once the service was deployed there. Previews are not among them: those are of pull requests.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Q

from apps.deployments.models import Deployment
from apps.projects.models import Environment, EnvironmentKind, Service


@dataclass(frozen=True)
class Tracked:
    """A service in an environment; None is production."""

    service: Service
    environment: Environment | None = None

    @property
    def branch(self) -> str:
        return (self.environment.branch if self.environment else "") or self.service.branch

    @property
    def place(self) -> Environment:
        return self.environment or self.service.environment

    @property
    def row(self) -> dict[str, object]:
        """What its rows are found by."""
        return {"service": self.service, "environment": self.environment}


def may_track(branch: str) -> Q:
    """Which services can: most pushes are to branches that nobody follows, and cost one query then."""
    places = Environment.objects.filter(kind=EnvironmentKind.STAGING, branch=branch)
    return Q(branch=branch) | Q(project__in=places.values("project"))


def tracked(services: Iterable[Service]) -> list[Tracked]:
    """In the order of the services, production first. An environment that is pinned to a commit follows nothing."""
    rows = list(services)
    projects = {row.project_id for row in rows}
    others = list(
        Environment.objects.filter(project__in=projects, kind=EnvironmentKind.STAGING, commit="").order_by("created_at")
    )
    there = _deployed(rows, others) if others else set()
    return [
        Tracked(row, where) for row in rows for where in (None, *others) if where is None or (row.pk, where.pk) in there
    ]


def _deployed(services: list[Service], environments: list[Environment]) -> set[tuple[UUID, UUID]]:
    rows = Deployment.objects.filter(service__in=services, environment__in=environments).order_by()
    return set(rows.values_list("service", "environment").distinct())
