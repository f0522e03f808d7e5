"""Deleting an environment: whatever was made in it goes. Making one is in `apps.projects.actions`."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from apps.accounts.access import Actor
from apps.accounts.actions import record
from apps.accounts.policy import Permission
from apps.deployments import wakeup
from apps.deployments.lease import lock, lock_all, lock_to_delete
from apps.deployments.models import Build, Deployment, LogStream, Release
from apps.hosts.actions import publish
from apps.hosts.models import Host
from apps.projects.models import Domain, Environment, Service, Volume
from workers.errors import UserError

# An image of a running container cannot be removed: most apps have stopped by the first, all of them by the last.
STOPPED_SECONDS = (6, 40)


@transaction.atomic
def delete_environment(*, actor: Actor, environment: Environment, confirm: str) -> None:
    """Its containers, routes, images, networks, variables, domains and history go, and its volumes with their data.

    `confirm` is its slug, typed by a person. Production goes with its project only.
    """
    actor.require(Permission.DELETE, environment.project.team_id)
    kept = why_kept(environment)
    if kept is not None:
        raise kept
    if confirm != environment.slug:
        raise UserError(
            "delete:user:confirm", f"Everything in {environment.slug} stops serving; its volumes lose their data.",
            hint=f"Confirm with its name, {environment.slug}.", status=409,
        )  # fmt: skip
    record(actor=actor, team_id=environment.project.team_id, verb="deleted the environment", subject=environment)
    remove(environment)


def why_kept(environment: Environment) -> UserError | None:
    """What speaks against deleting it, whatever is confirmed."""
    if not environment.is_production:
        return None
    return UserError(
        "environment:user:production", "Production is deleted with its project only.",
        hint="Delete a service, or the whole project.", status=409,
    )  # fmt: skip


@transaction.atomic
def remove(environment: Environment) -> None:
    """Asks nobody. Active jobs find their row gone, kill their children and stop; the agent removes what runs."""
    lock_all(environment.project_id)
    builds = _builds_of(environment)
    lock_to_delete(Environment.objects.filter(pk=environment.pk), environment=environment)
    Deployment.objects.filter(environment=environment).delete()
    Release.objects.filter(environment=environment).delete()
    Build.objects.filter(pk__in=builds, releases=None, deployment=None).delete()
    _discard(Volume.objects.filter(environment=environment), environment)
    environment.delete()
    publish(Host.objects.default())
    _clean_up()


@transaction.atomic
def withdraw(service: Service, environment: Environment) -> None:
    """One service out of an environment whose others stay, as `remove` does it."""
    lock(service.pk)
    builds = _builds_of(environment, service)
    mine: dict[str, Any] = {"service": service, "environment": environment}
    lock_to_delete(**mine)
    Deployment.objects.filter(**mine).delete()
    Release.objects.filter(**mine).delete()
    Build.objects.filter(pk__in=builds, releases=None, deployment=None).delete()
    LogStream.objects.filter(**mine).delete()
    Domain.objects.filter(**mine).delete()
    _discard(Volume.objects.filter(**mine), environment)
    publish(Host.objects.default())
    _clean_up()


def _clean_up() -> None:
    for seconds in STOPPED_SECONDS:
        wakeup.clean(later=seconds)


def _builds_of(environment: Environment, service: Service | None = None) -> set[UUID]:
    """Those that were made for it. Some may be used elsewhere too."""
    mine: dict[str, Any] = {"environment": environment, **({"service": service} if service else {})}
    released = Release.objects.filter(**mine).values_list("build", flat=True)
    deployed = Deployment.objects.filter(**mine, build__isnull=False).values_list("build", flat=True)
    return {*released, *deployed}


def _discard(volumes: QuerySet[Volume], environment: Environment) -> None:
    """Their rows outlast it until the agent has removed them: it is told by these which may go."""
    volumes.filter(discarded_at=None).update(discarded_at=timezone.now())
    volumes.update(service=None, environment=environment.project.production)
