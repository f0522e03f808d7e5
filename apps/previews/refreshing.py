"""Each service that an open pull request concerns: deployed in its preview, or why it is not.

Not in charge of what is true of the pull request (`following`), nor of who may approve (`actions`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from apps.accounts.access import Actor
from apps.deployments.lease import lock
from apps.deployments.models import Deployment
from apps.previews import environments
from apps.previews.models import Part, Preview, Removed, State, preference_of
from apps.projects.models import Service

OFF = "Previews of pull requests are off for this service; its settings turn them on."


@dataclass(frozen=True)
class Followed:
    """What a pull request led to in one service: a deployment, or why there is none. `code` is of a skip."""

    service_id: UUID
    deployment: Deployment | None = None
    code: str = ""
    reason: str = ""


Keep = Callable[[Followed], None]


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
