"""The setting of a service that a failure names: what it would become, in words and as a value; and making it so.

What the cause names is `workers.build.mends`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from django.db import transaction

from apps.accounts.access import Actor
from apps.accounts.policy import Permission
from apps.deployments import actions
from apps.deployments.lease import lock
from apps.deployments.models import Deployment
from apps.deployments.raising import LIMITS, Limit
from apps.projects.actions import change_service
from apps.projects.models import Service
from workers.build.base_families import FAMILIES
from workers.build.outside import builds_itself
from workers.errors import UserError


def _language(deployment: Deployment, value: str) -> str:
    family = FAMILIES.get(deployment.built_as.get("language", ""))
    return f"Use {family.title if family else 'version'} {value}"


def _anew(service: Service, before: str, asked: str) -> str:
    return asked


class Setting(NamedTuple):
    """How one is said to be changed, what it becomes from what is set and what is asked for, and whether a Dockerfile or
    another builder feels it."""

    words: Callable[[Deployment, str], str]
    joined: Callable[[Service, str, str], str] = _anew
    is_for_all: bool = False

    def is_felt_by(self, deployment: Deployment) -> bool:
        is_ours = not deployment.service.image and not builds_itself(deployment.built_as.get("language", ""))
        return self.is_for_all or is_ours


def _raise(limit: Limit) -> Setting:
    return Setting(
        lambda row, value: f"Raise the {limit.label} to {limit.told(int(value))}",
        lambda service, before, asked: str(limit.raised(service, asked) or before),
        is_for_all=True,
    )


MENDED = {
    "install_command": Setting(lambda row, value: f"Install with {value.split()[-1]}"),
    "language_version": Setting(_language),
    "packages": Setting(
        lambda row, value: f"Add {value}",
        lambda service, before, value: " ".join(dict.fromkeys([*before.split(), *value.split()])),
    ),
    "port": Setting(lambda row, value: f"Set the port to {value}", is_for_all=True),
    # Folders are told from the one that was looked at: only at the top that is what the setting means.
    "root_directory": Setting(lambda row, value: f"Take the folder {value}", lambda _, before, value: before or value),
    **{name: _raise(limit) for name, limit in LIMITS.items()},
}


@dataclass(frozen=True)
class Mended:
    """`words` on the button; `value` is what `setting` becomes; `consequence` is what a person agrees to."""

    setting: str
    value: str
    words: str
    consequence: str


def mended_by(deployment: Deployment) -> Mended | None:
    """None where the cause names no change, the build would not feel it, or the service has it already."""
    for name, asked in deployment.error_change.items():
        service, setting = deployment.service, MENDED.get(name)
        if setting is None or not setting.is_felt_by(deployment):
            continue
        before = str(getattr(service, name) or "")
        value = setting.joined(service, before, asked)
        if value != before:
            words = f"{setting.words(deployment, value if name in LIMITS else asked)} and deploy again"
            return Mended(name, value, words, _consequence(deployment, name, value))
    return None


def _consequence(deployment: Deployment, name: str, value: str) -> str:
    label, limit = name.replace("_", " "), LIMITS.get(name)
    if limit is not None:
        label, value = limit.label, limit.told(int(value))
    then = f"Then it is deployed to {deployment.environment.name}."
    return f"The {label} of {deployment.service.name} will be {value}, in every environment. {then}"


@transaction.atomic
def mend(*, actor: Actor, deployment: Deployment, trigger: str = "manual") -> Deployment:
    """Wants the right to change the service and to deploy it. UserError where a person must do something else."""
    for permission in (Permission.WRITE_SERVICE, Permission.DEPLOY):
        actor.require(permission, deployment.service.team_id)
    lock(deployment.service_id)  # Of two who mend at once, each is to see what the other has changed.
    service = deployment.service = Service.objects.select_related("project__team").get(pk=deployment.service_id)
    mended = mended_by(deployment)
    if mended is None:
        raise UserError(
            "deployment:user:no-remedy", "No setting is known that would mend this deployment, or it is changed already.",
            hint="Do what its failure says, and deploy again.", status=409,
        )  # fmt: skip
    change_service(actor=actor, service=service, **{mended.setting: mended.value})
    return actions.deploy(actor=actor, service=service, environment=deployment.environment, trigger=trigger)
