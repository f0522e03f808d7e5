"""The environment of a preview: made, pinned to a commit, deployed to, left by a service, removed with everything of it.

Call inside a transaction, with the preview `locked`. Asks nobody's permission; whether it is to be is decided elsewhere.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.utils import timezone

from apps.accounts.access import Actor
from apps.accounts.actions import record
from apps.deployments import environments
from apps.deployments.actions import begin_deployment
from apps.deployments.lease import lock, lock_all
from apps.deployments.models import Deployment
from apps.lib.hostnames import slug
from apps.previews.models import Part, Preview, Removed, State, preference_of
from apps.projects.models import Environment, EnvironmentKind, Service, Volume
from workers.errors import Stopped

SLUG = 40


def locked(key: UUID) -> Preview:
    """A preview's row, locked after all services of its project: the order of whoever makes or removes environments.

    Raises `Stopped` when it was deleted.
    """
    project = Preview.objects.filter(pk=key).values_list("project", flat=True).first()
    if project is not None:
        lock_all(project)
    rows = Preview.objects.select_for_update(of=("self",)).select_related("environment", "project", "repository")
    row = rows.filter(pk=key).first()
    if row is None:
        raise Stopped("lost")
    found: Preview = row
    return found


def ensure_environment(preview: Preview) -> Environment:
    """Its own, pinned to the newest commit. Variables of a person's scope that were set in it stay."""
    where = preview.environment or _made(preview)
    where.branch, where.commit, where.ref = preview.head_branch, preview.head_sha, preview.ref
    where.is_isolated = preview.is_fork
    where.save(update_fields=["branch", "commit", "ref", "is_isolated"])
    preview.environment = where
    preview.removed, preview.removed_at = Removed.NOT, None
    return where


def _made(preview: Preview) -> Environment:
    """`pr-12`; of a second repository in the project `pr-12-<its name>`."""
    name = f"pr-{preview.number}"
    taken = set(
        Environment.objects.filter(project=preview.project, slug__startswith=name).values_list("slug", flat=True)
    )
    others = (f"{name}-{slug(preview.repository.name, limit=SLUG - len(name) - 1)}", f"{name}-{preview.short_id}")
    free = next(choice for choice in (name, *others) if choice not in taken)
    return Environment.objects.create(project=preview.project, name=free, slug=free, kind=EnvironmentKind.PREVIEW)


def deploy(preview: Preview, service: Service, *, actor: Actor) -> Deployment:
    """The commit that its environment is pinned to, with empty disks where production has disks."""
    where = preview.environment
    assert where is not None
    _give_volumes(service, where)
    row = begin_deployment(
        actor=actor,
        service=service,
        environment=where,
        trigger="pull",
        commit=where.commit,
        branch=where.branch,
        message=preview.title,
        author=preview.author,
    )
    set_part(preview, service, State.DEPLOYED, "")
    return row


def _give_volumes(service: Service, where: Environment) -> None:
    """Its own: a preview never touches production's data."""
    here = set(Volume.objects.filter(service=service, environment=where).values_list("path", flat=True))
    there = Volume.objects.filter(service=service, environment=service.environment, discarded_at=None)
    for row in there.exclude(path__in=here):
        Volume.objects.create(
            project=row.project, environment=where, service=service, name=row.name, path=row.path
        )  # fmt: skip


def set_part(preview: Preview, service: Service, state: State, reason: str) -> None:
    values = {"state": state, "reason": reason[:400], "at": timezone.now()}
    Part.objects.update_or_create(preview=preview, service=service, defaults=values)


def newest_of(preview: Preview, service: Service) -> Deployment | None:
    if preview.environment_id is None:
        return None
    rows = Deployment.objects.filter(service=service, environment=preview.environment_id)
    return rows.order_by("-number").first()


def has_room(preview: Preview, service: Service) -> bool:
    """Whether the service may have another preview. With the service's lock, so that two do not take one place."""
    lock(service.pk)
    running = (State.DEPLOYED, State.WAITING)  # Of a fork that was pushed to, what was approved before goes on running.
    mine = Part.objects.filter(service=service, state__in=running, preview__environment__isnull=False)
    if mine.filter(preview=preview).exists():
        return True
    return mine.count() < preference_of(service).limit


def leave(preview: Preview, service: Service, reason: str) -> None:
    """The service wants no preview of it any more; others of the same pull request may stay."""
    if preview.environment is not None:
        environments.withdraw(service, preview.environment)
    set_part(preview, service, State.REMOVED, reason)


def remove(preview: Preview, why: Removed, reason: str, *, actor: Actor) -> bool:
    """Everything that runs of it goes. False when there was nothing. What waits or was refused is over too."""
    where, preview.environment = preview.environment, None
    preview.removed, preview.removed_at, preview.expires_at = why, timezone.now(), None
    if where is not None:  # It locks the services, which comes before the rows of their parts.
        environments.remove(where)
    Part.objects.filter(preview=preview).exclude(state=State.REMOVED).update(
        state=State.REMOVED, reason=reason[:400], at=timezone.now()
    )
    preview.save()
    if where is None:
        return False
    record(
        actor=actor, team_id=preview.project.team_id, verb=f"removed the preview {where.slug} of", subject=preview.project,
        reason=reason, pull_request=preview.number,
    )  # fmt: skip
    return True


def life_of(services: list[Service]) -> timedelta:
    """The longest that any of them wants."""
    return max((preference_of(service).life for service in services), default=timedelta(0))


def prolong(preview: Preview, services: list[Service]) -> datetime:
    until = timezone.now() + life_of(services)
    preview.expires_at = max(preview.expires_at or until, until)
    return preview.expires_at
