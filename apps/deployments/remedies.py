"""Which setting of its service ended a deployment, so that a page can lead there. Not in charge of why it failed."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings

from apps.deployments.models import Deployment
from apps.deployments.steps.attempt import settings_of

SETTINGS = {
    "build:user:out-of-memory": ("build_memory_mb", "build memory"),
    "build:user:timeout": ("build_timeout_seconds", "build time limit"),
    "health:user:out-of-memory": ("memory_mb", "memory"),
}


@dataclass(frozen=True)
class Remedy:
    """`ceiling` names the operator's setting when the service has all that it allows already, else it is ""."""

    setting: str
    name: str
    ceiling: str = ""


def remedy_of(deployment: Deployment) -> Remedy | None:
    if deployment.error_code not in SETTINGS:
        return None
    setting, name = SETTINGS[deployment.error_code]
    return Remedy(setting, name, _ceiling(deployment, setting))


def _ceiling(deployment: Deployment, setting: str) -> str:
    told, limits = settings.SLIPWAY, settings_of(deployment.service, {}).limits
    if setting == "build_memory_mb" and limits.memory_bytes >= told.build_memory_ceiling_mb * 1024**2:
        return "SLIPWAY_BUILD_MEMORY_MAX_MB"
    if setting == "build_timeout_seconds" and limits.timeout_seconds >= told.build_timeout_ceiling_seconds:
        return "SLIPWAY_BUILD_TIMEOUT_MAX_SECONDS"
    return ""
