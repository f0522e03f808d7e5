"""What a build may use, and what each container gets: values that stand beside a plan. Asks nobody."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.conf import settings

from apps.deployments.models import Deployment
from apps.deployments.planned import Value
from apps.projects.models import Service
from workers.build.overrides import SERVICE
from workers.build.plan import Origin

MB = 1024**2
INSTALLATION = Origin("default", "this installation's default")
USUAL = Origin("default", "what every service begins with")
LABELS = {
    "build_memory": "Build memory",
    "build_cpus": "Build CPUs",
    "build_time": "Build time limit",
    "memory": "Memory",
    "cpus": "CPUs",
}


def build_memory_mb(service: Service) -> int:
    """What a person asked for, as far as an operator lets them."""
    return min(service.build_memory_mb or settings.SLIPWAY.build_memory_mb, settings.SLIPWAY.build_memory_ceiling_mb)


def build_seconds(service: Service) -> float:
    told = settings.SLIPWAY
    return min(service.build_timeout_seconds or told.build_timeout_seconds, told.build_timeout_ceiling_seconds)


def resources_of(service: Service, spec: Mapping[str, Any] | None = None) -> list[Value]:
    """`service` may be one that is not made yet. `spec` is of a release: its containers get what stands there."""
    memory, cpus = service.memory_mb, service.cpus
    for process in (spec or {}).get("processes", {}).values():
        memory, cpus = process["limits"]["memory_bytes"] // MB, process["limits"]["cpus"]
    usual = Service()
    told: dict[str, tuple[str, Origin]] = {
        "build_memory": (f"{build_memory_mb(service)} MB", SERVICE if service.build_memory_mb else INSTALLATION),
        "build_cpus": (f"{settings.SLIPWAY.build_cpus:g}", INSTALLATION),
        "build_time": (f"{build_seconds(service):g} s", SERVICE if service.build_timeout_seconds else INSTALLATION),
        "memory": (f"{memory} MB", USUAL if memory == usual.memory_mb else SERVICE),
        "cpus": (f"{cpus:g}", USUAL if cpus == usual.cpus else SERVICE),
    }
    names = [name for name in told if not (service.image and name.startswith("build_"))]
    return [Value(name, LABELS[name], told[name][0], told[name][1].kind, told[name][1].detail) for name in names]


def resources_for(deployment: Deployment) -> list[Value]:
    return resources_of(deployment.service, deployment.release.spec if deployment.release else None)
