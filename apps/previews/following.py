"""A pull request as it is now becomes what should run of it: in every project with services from its repository.

Level-triggered: the same truth told twice changes nothing, an older one is not taken. Not in charge of asking GitHub, nor of
who may approve.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from itertools import groupby

from django.db import transaction
from django.utils import timezone

from apps.accounts.access import Actor
from apps.deployments.lease import lock_all
from apps.github.models import Repository
from apps.lib import wake
from apps.previews import environments
from apps.previews.models import Preview, Removed, preference_of
from apps.previews.payloads import Pull
from apps.previews.refreshing import OFF, Followed, Keep, refresh
from apps.projects.models import Project, Service


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
