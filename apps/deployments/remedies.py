"""Where what ended a deployment can be mended, so that its page can lead there. Not in charge of why it failed."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.urls import reverse

from apps.accounts.policy import Permission
from apps.deployments.models import Deployment
from apps.deployments.steps.attempt import settings_of

SETTINGS = {
    "build:user:out-of-memory": ("build_memory_mb", "build memory"),
    "build:user:timeout": ("build_timeout_seconds", "build time limit"),
    "health:user:out-of-memory": ("memory_mb", "memory"),
}


LOGINS = {"image:user:denied", "image:user:not-there"}  # Registries call an image either, to who may not read it.


@dataclass(frozen=True)
class Remedy:
    """A link for those with `permission`: `words` stand beside the cause, `action` in the palette.

    `ceiling` names the operator's setting when the service has all that it allows already, else it is "".
    """

    words: str
    action: str
    url: str
    permission: Permission
    ceiling: str = ""


def remedy_of(deployment: Deployment) -> Remedy | None:
    if deployment.error_code in LOGINS:
        url = reverse("registries", args=[deployment.service.team_id])
        return Remedy("See the registries", "Look at the team's registries", url, Permission.VIEW)
    if deployment.error_code not in SETTINGS:
        return None
    setting, name = SETTINGS[deployment.error_code]
    url = f"{reverse('service-settings', args=[deployment.service_id])}#id_{setting}"
    ceiling = _ceiling(deployment, setting)
    return Remedy("Raise it here", f"Raise the {name}", url, Permission.WRITE_SERVICE, ceiling)


def _ceiling(deployment: Deployment, setting: str) -> str:
    told, limits = settings.SLIPWAY, settings_of(deployment.service, {}).limits
    if setting == "build_memory_mb" and limits.memory_bytes >= told.build_memory_ceiling_mb * 1024**2:
        return "SLIPWAY_BUILD_MEMORY_MAX_MB"
    if setting == "build_timeout_seconds" and limits.timeout_seconds >= told.build_timeout_ceiling_seconds:
        return "SLIPWAY_BUILD_TIMEOUT_MAX_SECONDS"
    return ""
