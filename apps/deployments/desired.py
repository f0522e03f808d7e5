"""The document of what a host should run, made from what is live and what is being rolled out. Read only."""

from __future__ import annotations

from collections import defaultdict
from uuid import UUID

from django.conf import settings
from django.db.models import Q

from apps.deployments.lease import AGENT
from apps.deployments.models import Deployment
from apps.deployments.states import Status
from apps.hosts.models import Host
from apps.projects.models import Domain, Volume
from workers import desired
from workers.build.push import registry_of

Place = tuple[UUID, UUID]  # service, environment


def document_for(host: Host) -> desired.Document:
    """Everything that `host` should run. A rollout stands in place of what is live until it ends either way."""
    generation = Host.objects.values_list("generation", flat=True).get(pk=host.pk)
    wanted = Q(status=Status.LIVE) | Q(status=Status.DEPLOYING, lease_owner=AGENT, cancel_requested_at=None)
    rows = Deployment.objects.filter(wanted, release__isnull=False)
    chosen: dict[Place, Deployment] = {}
    for row in rows.select_related("release__build", "service", "environment").order_by("created_at"):
        place = (row.service_id, row.environment_id)
        if place not in chosen or row.status == Status.DEPLOYING:
            chosen[place] = row
    hosts = _hosts(list(chosen))
    discarded = Volume.objects.filter(discarded_at__isnull=False).values_list("pk", flat=True)
    return desired.Document(
        target=str(host.pk),
        generation=generation,
        services=[_service(row, hosts[place]) for place, row in chosen.items()],
        discarded_volumes=[str(pk) for pk in discarded],
        registries=_registries(),
    )


def _registries() -> list[desired.Registry]:
    """Of this installation only: what a team's login opens was pulled by the build."""
    told = settings.SLIPWAY
    if told.push_login is None:
        return []
    return [desired.Registry(host=registry_of(told.push_registry), **told.push_login.as_dict())]


def _hosts(places: list[Place]) -> dict[Place, list[str]]:
    found: dict[Place, list[str]] = defaultdict(list)
    rows = Domain.objects.filter(service__in=[service for service, _ in places]).order_by("-is_generated", "created_at")
    for row in rows:
        found[(row.service_id, row.environment_id)].append(row.host)
    return found


def _service(row: Deployment, hosts: list[str]) -> desired.Service:
    release = row.release
    assert release is not None
    # The release command changed what it had to change when this release was new.
    command = None if row.is_rollback else release.spec["release_command"]
    spec = {
        **release.spec,
        "release_command": command,
        "health": {**release.spec["health"], "host": hosts[0] if hosts else None},
    }
    told = {
        "SLIPWAY": "1",
        "SLIPWAY_SERVICE": row.service.slug,
        "SLIPWAY_RELEASE": str(release.number),
        "SLIPWAY_COMMIT": release.commit,
        "SLIPWAY_URL": settings.SLIPWAY.public_url(hosts[0]) if hosts else "",
    }
    return desired.Service(
        id=str(row.service_id),
        # Who shares a network: what runs of a pull request, or in staging, reaches nothing of production by it.
        project=str(row.service.project_id if row.environment.is_production else row.environment_id),
        environment=str(row.environment_id),
        names=row.service.internal_names,
        deployment=row.key,
        fence=row.fence,
        rolling_out=row.status == Status.DEPLOYING,
        release=desired.Release(
            id=release.key, variables={**told, **release.variables}, secret_names=release.secret_names, **spec
        ),
        routes=[desired.Route(host=host) for host in hosts],
        drain_seconds=row.service.drain_seconds,
        observation_seconds=row.service.observation_seconds,
    )
