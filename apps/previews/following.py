"""A pull request as it is now becomes what should run of it: in every project with services from its repository.

Level-triggered: the same truth told twice changes nothing, an older one is not taken. Not in charge of asking GitHub, nor of
who may approve.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from itertools import groupby
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from apps.accounts.access import Actor
from apps.deployments.lease import lock, lock_all
from apps.deployments.models import Deployment
from apps.github.models import Repository
from apps.lib import wake
from apps.previews import environments
from apps.previews.models import Part, Preview, Removed, State, preference_of
from apps.previews.payloads import Pull
from apps.projects.models import Project, Service


@dataclass(frozen=True)
class Followed:
    """What a pull request led to in one service: a deployment, or why there is none. `code` is of a skip."""

    service_id: UUID
    deployment: Deployment | None = None
    code: str = ""
    reason: str = ""


Keep = Callable[[Followed], None]


def services_of(repository: Repository) -> list[Service]:
    """By project, and in it in the order in which whoever locks several of them does."""
    rows = Service.objects.filter(connection__repository=repository).select_related("project")
    return list(rows.order_by("project_id", "pk"))


def follow(repository: Repository, pull: Pull, *, actor: Actor, keep: Keep, is_reopened: bool = False) -> int:
    """How many services it concerns; `keep` is called once for each, in the transaction that holds what was done."""
    found = services_of(repository)
    for _, services in groupby(found, key=lambda service: service.project_id):
        _follow_in(repository, list(services), pull, actor=actor, keep=keep, is_reopened=is_reopened)
    return len(found)


@transaction.atomic
def _follow_in(
    repository: Repository, services: list[Service], pull: Pull, *, actor: Actor, keep: Keep, is_reopened: bool
) -> None:
    project = services[0].project
    lock_all(project.pk)
    row = _row(project, repository, pull, wanted=any(preference_of(service).is_on for service in services))
    if row is None:
        _tell(services, "previews-off", OFF, keep)
        return
    if row.told_at > pull.told_at or (not row.is_open and pull.is_open and row.told_at == pull.told_at):
        _tell(services, "previews-older", "A newer state of this pull request was taken already.", keep)
        return
    is_same_head = row.head_sha == pull.head_sha
    _take(row, pull)
    if not pull.is_open:
        _close(row, pull, services, actor=actor, keep=keep)
    elif row.removed in (Removed.EXPIRED, Removed.DELETED) and is_same_head and not is_reopened:
        _tell(services, "previews-removed", "Its preview was removed; a push or Keep brings it back.", keep)
    else:
        refresh(row, services, actor=actor, keep=keep)
    row.save()
    wake.tell_team(project.team_id)


OFF = "Previews of pull requests are off for this service; its settings turn them on."


def _row(project: Project, repository: Repository, pull: Pull, *, wanted: bool) -> Preview | None:
    """Locked. A closed one gets a row too: an `opened` that comes late must find it. None where nobody wants any."""
    mine = {"project": project, "repository": repository, "number": pull.number}
    rows = Preview.objects.select_for_update(of=("self",)).select_related("environment", "project", "repository")
    if not wanted and not rows.filter(**mine).exists():
        return None
    told = {name: getattr(pull, name) for name in FACTS}
    Preview.objects.get_or_create(**mine, defaults=told)
    return rows.get(**mine)


FACTS = (
    "title", "author", "base_branch", "head_branch", "head_sha", "head_repository", "is_fork", "is_draft", "is_open",
    "told_at",
)  # fmt: skip


def _take(row: Preview, pull: Pull) -> None:
    """Once a fork, always one: a repository that is gone must not make its code ours."""
    was_fork = row.is_fork
    for name in FACTS:
        setattr(row, name, getattr(pull, name))
    row.is_fork = row.is_fork or was_fork


def _close(row: Preview, pull: Pull, services: list[Service], *, actor: Actor, keep: Keep) -> None:
    why = Removed.MERGED if pull.is_merged else Removed.CLOSED
    reason = f"The pull request was {'merged' if pull.is_merged else 'closed'}."
    stood = environments.remove(row, why, reason, actor=actor)
    _tell(services, f"previews-{why}", f"{reason} Its preview is removed." if stood else reason, keep)


def refresh(row: Preview, services: list[Service], *, actor: Actor, keep: Keep, again: bool = False) -> None:
    """What should run of an open pull request does, or it is said why not. `again`: also what was deployed already.

    Call with all services of the project locked, then the row: the order of everybody who makes or removes environments.
    """
    deployed = []
    for service in services:
        skip = _unwanted(row, service)
        if skip is not None:
            if Part.objects.filter(preview=row, service=service).exclude(state=State.REMOVED).exists():
                environments.leave(row, service, skip.reason)
            keep(skip)
        elif not row.is_approved:
            keep(_waits(row, service))
        elif not environments.has_room(row, service):
            keep(_refused(row, service))
        else:
            keep(_deployed(row, service, actor, again=again))
            deployed.append(service)
    if deployed:
        environments.prolong(row, deployed)
    elif row.environment is not None and not row.parts.filter(state__in=(State.DEPLOYED, State.WAITING)).exists():
        environments.remove(row, Removed.UNWANTED, "No service wants a preview of it any more.", actor=actor)
    row.save()


def _unwanted(row: Preview, service: Service) -> Followed | None:
    preference = preference_of(service)
    if not preference.is_on:
        return Followed(service.pk, code="previews-off", reason=OFF)
    if row.base_branch != service.branch:
        reason = f"It is for {row.base_branch[:100]}, and this service follows {service.branch[:100]}."
        return Followed(service.pk, code="previews-base", reason=reason)
    if row.is_draft and not preference.drafts:
        return Followed(service.pk, code="previews-draft", reason="It is a draft, and previews of drafts are off.")
    return None


def _waits(row: Preview, service: Service) -> Followed:
    """What was approved before goes on running."""
    reason = f"It comes from a fork: a member of the team must approve commit {row.head_sha[:7]} before it is built."
    environments.set_part(row, service, State.WAITING, reason)
    return Followed(service.pk, code="previews-fork", reason=reason)


def _refused(row: Preview, service: Service) -> Followed:
    limit = preference_of(service).limit
    reason = (
        f"{service.name} has {limit} preview{'s' if limit > 1 else ''} already, which is its limit. "
        "Close or delete one, then push or press Redeploy."
    )
    environments.set_part(row, service, State.REFUSED, reason)
    return Followed(service.pk, code="previews-limit", reason=reason)


def _deployed(row: Preview, service: Service, actor: Actor, *, again: bool) -> Followed:
    environments.ensure_environment(row)
    lock(service.pk)
    newest = environments.newest_of(row, service)
    if newest is not None and newest.commit == row.head_sha and not again:
        environments.set_part(row, service, State.DEPLOYED, "")
        reason = f"Commit {row.head_sha[:7]} is deployed there already."
        return Followed(service.pk, code="previews-same", reason=reason)
    return Followed(service.pk, deployment=environments.deploy(row, service, actor=actor))


def _tell(services: Iterable[Service], code: str, reason: str, keep: Keep) -> None:
    for service in services:
        keep(Followed(service.pk, code=code[:20], reason=reason))


RECENT = timedelta(minutes=5)


def is_doubtful(repository: Repository, pull: Pull) -> bool:
    """Whether the payload alone does not tell that it is still so: it is old, or as old as what is known and different."""
    if not pull.is_open:
        return False
    known = Preview.objects.filter(repository=repository, number=pull.number).order_by("-told_at").first()
    if known is None:
        return timezone.now() - pull.told_at > RECENT
    return known.told_at == pull.told_at and (known.head_sha, known.is_open) != (pull.head_sha, pull.is_open)
