"""Release: image, variables and settings of this moment, frozen. The rollout of it is published for the agent."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Max, QuerySet

from apps.deployments.adopting import adopt, hold, laid_over
from apps.deployments.composed import health_command, processes_of
from apps.deployments.models import Build, Deployment, Release
from apps.lib.asked_often import asked_often
from apps.projects.given import gift_of
from apps.projects.models import Environment, Service, Volume
from workers.build.outside import builds_itself
from workers.build.shell_line import container_argv
from workers.desired import Health, Limits, Mount, Process

DEFAULT_PORT = 8000


def freeze(deployment: Deployment, build: Build) -> Release:
    """The release of this deployment: made once, found again when the step is repeated."""
    with transaction.atomic():
        hold(deployment)
        row = Deployment.objects.select_for_update(of=("self",)).select_related("release").get(pk=deployment.pk)
        if row.release is not None:
            return row.release
        service, followed = adopt(row)
        given = variables_of(service, row.environment)
        if followed is not None:
            given = laid_over(given, followed, row.composed["said"]["secret_names"])
        values, sources, secrets = given
        number = Release.objects.filter(service=row.service, environment=row.environment).aggregate(n=Max("number"))[
            "n"
        ]
        release = Release.objects.create(
            service=row.service,
            environment=row.environment,
            number=(number or 0) + 1,
            build=build,
            spec=spec_of(service, row.environment, build),
            variables=values,
            secret_names=secrets,
            variable_sources=sources,
        )
        Deployment.objects.filter(pk=row.pk).update(release=release, build=build)
    deployment.release = release
    return release


def variables_of(
    service: Service, environment: Environment
) -> tuple[dict[str, str], dict[str, dict[str, object]], list[str]]:
    """Values with their references followed, where each came from, and the names of the secrets.

    Raises for a reference that leads nowhere: a release without one of its variables would fail in a stranger place.
    """
    gift = gift_of(service, environment)
    for error in gift.problems.values():
        raise error
    return gift.values, {name: source.as_dict() for name, source in gift.sources.items()}, gift.secrets


def secrets_of(service: Service, environment: Environment) -> list[str]:
    """Every value that must not be read in a log, also where a reference leads nowhere."""
    gift = gift_of(service, environment)
    rows = [row.value for row in gift.rows.values() if row.is_secret]
    return [*rows, *(gift.values[name] for name in gift.secrets)]


def spec_of(service: Service, environment: Environment, build: Build) -> dict[str, Any]:
    """`workers.desired.Release` without id and variables, as JSON."""
    plan = build.plan
    release_command = service.release_command or plan.get("release", "")
    volumes = _volumes(service.pk, environment.pk)
    health = Health(
        path=service.health_path or None,
        command=health_command(service),
        interval_seconds=service.health_interval_seconds,
        deadline_seconds=service.health_deadline_seconds,
    )
    return {
        "image": build.image,
        "processes": {name: p.model_dump() for name, p in _processes(service, plan).items()},
        "release_command": container_argv(release_command) if release_command else None,
        "health": health.model_dump(),
        "mounts": [Mount(volume=v.key, path=v.path).model_dump() for v in volumes],
        "stop_seconds": 30.0,
    }


@asked_often
def _volumes(service: UUID, environment: UUID) -> QuerySet[Volume]:
    return Volume.objects.filter(service=service, environment=environment, discarded_at=None).order_by("path")


def _processes(service: Service, plan: dict[str, Any]) -> dict[str, Process]:
    limits = Limits(memory_bytes=service.memory_mb * 1024**2, cpus=service.cpus, pids=service.pids)
    if service.compose:
        return processes_of(service, plan, limits)
    start = service.start_command or plan.get("start", "")
    port = service.port or plan.get("port") or DEFAULT_PORT
    processes = {}
    # Without a start command an image's own one serves; a Procfile of workers alone serves nothing.
    if start or builds_itself(plan.get("language", "")) or plan.get("language") == "image":
        command = container_argv(start) if start else None
        processes["web"] = Process(command=command, replicas=service.replicas, port=port, limits=limits)
    for name, line in sorted(plan.get("processes", {}).items()):
        if name not in ("web", "release"):
            processes[name] = Process(command=container_argv(line), replicas=1, limits=limits)
    return processes
