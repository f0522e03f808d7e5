"""What people do with deployments: deploy, cancel, roll back, resume; and everything that changes what runs.

Pages, API, admin and commands call these; each checks the permission, works in one transaction and returns the object.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone

from apps.accounts.access import Actor, not_found
from apps.accounts.actions import record
from apps.accounts.models import Team
from apps.accounts.policy import Permission
from apps.deployments import outcome, wakeup
from apps.deployments.as_served import composed_again
from apps.deployments.lease import AGENT, lock, lock_to_delete
from apps.deployments.models import Deployment, Release
from apps.deployments.states import ACTIVE
from apps.github.choices import Choice
from apps.github.connections import connect, source_of
from apps.hosts.actions import publish
from apps.hosts.models import Host
from apps.lib.hostnames import slug
from apps.projects import actions as projects
from apps.projects.models import Domain, Environment, Project, Service, Volume
from apps.projects.variables import set_variables
from workers.errors import UserError


@transaction.atomic
def deploy(
    *,
    actor: Actor,
    service: Service,
    environment: Environment | None = None,
    commit: str = "",
    trigger: str = "manual",
    no_cache: bool = False,
    reuse_build: bool = False,
) -> Deployment:
    """Build and release the head of the service's branch, or `commit`; of an image what its tag names, or a digest.

    The newest request supersedes those that wait.
    In an environment that says what is deployed in it, that. With `reuse_build` the image that serves now gets the
    variables and settings of today: no git and no build.
    """
    actor.require(Permission.DEPLOY, service.team_id)
    where = environment or service.environment
    _check_approved(where, commit or where.commit)
    # What an environment is pinned to is of git; an image has digests.
    what: dict[str, Any] = {"commit": commit or ("" if service.image else where.commit), "no_cache": no_cache}
    if where.branch and not service.image:
        what["branch"] = where.branch
    if reuse_build:
        what = _serving_build(service, where, commit=commit, no_cache=no_cache)
    return begin_deployment(actor=actor, service=service, environment=where, trigger=trigger, **what)


@transaction.atomic
def begin_deployment(
    *, actor: Actor, service: Service, environment: Environment, trigger: str, **what: Any
) -> Deployment:
    """Asks nobody's permission: for what Slipway itself begins, when a push or a pull request wants it.

    `actor` is whom it is attributed to; `what` are values of the row: commit, branch, message, author.
    """
    row = outcome.new_deployment(service, environment.pk, actor=actor, trigger=trigger, **what)
    has_host = service.is_internal or Domain.objects.filter(service=service, environment=environment).exists()
    if row.number == 1 and not has_host:
        projects.give_host(service, environment)
    if Host.objects.default().draining_since is None:
        wakeup.begin(row)
    return row


def _check_approved(where: Environment, commit: str) -> None:
    """A stranger's code runs at the commit that a maintainer looked at, and at no other."""
    if where.is_isolated and commit != where.commit:
        raise UserError(
            "preview:user:not-approved", f"Commit {commit[:7]} comes from a fork and was not approved.",
            hint="Look at it at GitHub, then approve it on the preview's page.", status=409,
        )  # fmt: skip


def _serving_build(service: Service, environment: Environment, *, commit: str, no_cache: bool) -> dict[str, Any]:
    rows = Deployment.objects.filter(service=service, environment=environment).live()
    live = rows.select_related("build", "release").first()
    if commit or no_cache:
        raise UserError(
            "deployment:user:reuse-or-build", "The live build cannot be used again and made anew at once.",
            hint="Leave out reuse_build, or commit and no_cache.", status=422,
        )  # fmt: skip
    if live is None or live.build is None:
        raise UserError(
            "deployment:user:nothing-live", "Nothing is live here, so there is no build to use again.",
            hint="Deploy with a build.", status=409,
        )  # fmt: skip
    told = composed_again(live.release, environment) if live.release else {}
    return {"build": live.build, "commit": live.build.commit, "branch": live.branch, "composed": told}


@transaction.atomic
def cancel(*, actor: Actor, deployment: Deployment) -> Deployment:
    """Stop it; what was live goes on. A job that is under way sees the flag and undoes itself."""
    actor.require(Permission.DEPLOY, deployment.service.team_id)
    lock(deployment.service_id)
    row = Deployment.objects.select_for_update(of=("self",)).get(pk=deployment.pk)
    if row.is_finished:
        raise UserError(
            "deployment:user:finished", f"This deployment is {row.status} already.",
            hint="Roll back to undo a live one.", status=409,
        )  # fmt: skip
    Deployment.objects.filter(pk=row.pk).update(cancel_requested_at=Now())
    # Nobody holds it, or the agent does, which follows the document: then it ends here and now.
    if row.lease_owner in ("", AGENT):
        outcome.cancelled(row)
    record(actor=actor, team_id=row.service.team_id, verb="cancelled", subject=row.service, deployment=row.key)
    row.refresh_from_db()
    return row


@transaction.atomic
def rollback(
    *, actor: Actor, deployment: Deployment, release_id: UUID | None = None, pause_auto_deploy: bool = True
) -> Deployment:
    """Make an earlier release live again as it was: image, variables and settings. No build, no git, no registry.

    `release_id` None takes the one that was live before `deployment`. Ends what is under way. Pauses auto-deploy, so that
    the next push does not undo it, unless told otherwise.
    """
    actor.require(Permission.DEPLOY, deployment.service.team_id)
    lock(deployment.service_id)
    release = _release_to_return_to(deployment, release_id)
    for row in Deployment.objects.of(deployment).filter(status__in=ACTIVE).select_for_update():
        outcome.cancelled(row, falls_back=False)
    live = Deployment.objects.of(deployment).live().first() or deployment
    if pause_auto_deploy and deployment.environment.is_production:
        running = Service.objects.filter(pk=deployment.service_id, auto_deploy_paused_at=None)
        running.update(auto_deploy_paused_at=timezone.now())
    return outcome.start_rollback(live, release, actor=actor, trigger="rollback")


def _release_to_return_to(deployment: Deployment, release_id: UUID | None) -> Release:
    if release_id is None:
        found = outcome.release_before(deployment)
    else:
        rows = Release.objects.filter(service=deployment.service, environment=deployment.environment)
        found = rows.select_related("build").filter(pk=release_id).first()
        if found is None:
            raise not_found("release")
    if found is None:
        raise UserError(
            "rollback:user:nothing-before", "There is no earlier release to go back to.",
            hint="Only a release that was live can be brought back.", status=409,
        )  # fmt: skip
    if release_id is not None and not Release.objects.that_served().filter(pk=found.pk).exists():
        raise UserError(
            "rollback:user:never-served", f"Release {found.number} never served.",
            hint=f"Deploy commit {found.commit[:7]} instead.", status=409,
        )  # fmt: skip
    if found.pruned_at is not None:
        raise UserError(
            "rollback:user:not-kept", f"Release {found.number} is no longer kept.",
            hint=f"Deploy commit {found.commit[:7]} instead; it is built again.", status=409,
        )  # fmt: skip
    return found


@transaction.atomic
def resume_auto_deploy(*, actor: Actor, service: Service) -> Service:
    actor.require(Permission.DEPLOY, service.team_id)
    service.auto_deploy_paused_at = None
    service.save(update_fields=["auto_deploy_paused_at"])
    record(actor=actor, team_id=service.team_id, verb="resumed auto-deploy", subject=service)
    return service


@transaction.atomic
def create_app(
    *,
    actor: Actor,
    team: Team,
    project: str,
    service: str,
    settings: dict[str, Any],
    variables: dict[str, str] | None = None,
    secrets: dict[str, str] | None = None,
    domains: list[str] | None = None,
    volumes: dict[str, str] | None = None,
    repository: Choice | None = None,
    trigger: str = "manual",
) -> Deployment:
    """Project (an existing one is used), service, variables, domains and volumes, and the deployment that starts it all.

    With `repository`, which GitHub showed to the actor, the service is connected to it.
    """
    found = Project.objects.filter(team=team, slug=slug(project)).first()
    row = found or projects.create_project(actor=actor, team=team, name=project)
    if repository is not None:
        settings = {**settings, "source_url": source_of(repository), "source_token": ""}
    made = projects.create_service(actor=actor, project=row, name=service, **settings)
    if repository is not None:
        connect(actor=actor, service=made, choice=repository, branch=made.branch)
    where = row.production
    for values, secret in ((variables, False), (secrets, True)):
        if values:
            set_variables(actor=actor, project=row, service=made, values=values, secret=secret)
    for host in domains or []:
        projects.make_domain(actor=actor, service=made, environment=where, host=host)
    for name, path in (volumes or {}).items():
        projects.create_volume(actor=actor, service=made, environment=where, name=name, path=path)
    return deploy(actor=actor, service=made, trigger=trigger)


@transaction.atomic
def add_domain(*, actor: Actor, service: Service, environment: Environment, host: str) -> Domain:
    """Route a host name to what is live, at once."""
    row = projects.make_domain(actor=actor, service=service, environment=environment, host=host)
    publish(Host.objects.default())
    return row


@transaction.atomic
def remove_domain(*, actor: Actor, domain: Domain) -> None:
    actor.require(Permission.WRITE_DOMAINS, domain.service.team_id)
    record(actor=actor, team_id=domain.service.team_id, verb="removed the domain", subject=domain)
    domain.delete()
    publish(Host.objects.default())


@transaction.atomic
def discard_volume(*, actor: Actor, volume: Volume, confirm: str) -> Volume:
    """See `apps.projects.actions.discard_volume`; the agent removes it once nothing mounts it."""
    row = projects.discard_volume(actor=actor, volume=volume, confirm=confirm)
    publish(Host.objects.default())
    return row


@transaction.atomic
def delete_service(*, actor: Actor, service: Service, confirm: str) -> None:
    """Its containers, routes, images and history go; its volumes are kept until each is discarded by name."""
    actor.require(Permission.DELETE, service.team_id)
    _confirmed(service.name, confirm, f"{service.name} stops serving and its history is deleted.")
    _delete(actor, service)
    publish(Host.objects.default())
    wakeup.clean()


def _delete(actor: Actor, service: Service) -> None:
    """Active jobs find their row gone, kill their children and stop."""
    lock(service.pk)
    lock_to_delete(Service.objects.filter(pk=service.pk), service=service)
    record(actor=actor, team_id=service.team_id, verb="deleted the service", subject=service)
    Deployment.objects.filter(service=service).delete()
    Release.objects.filter(service=service).delete()
    service.delete()


@transaction.atomic
def delete_project(*, actor: Actor, project: Project, confirm: str) -> None:
    """All its services as by `delete_service`. Refused while it keeps volumes: they would be lost from sight."""
    actor.require(Permission.DELETE, project.team_id)
    _confirmed(project.name, confirm, f"Everything of {project.name} stops serving and is deleted.")
    if Volume.objects.filter(project=project, discarded_at=None).exists():
        raise UserError(
            "project:user:has-volumes", f"{project.name} still keeps volumes.",
            hint="Discard each volume by its name first.", status=409,
        )  # fmt: skip
    for service in project.services.order_by("pk"):
        _delete(actor, service)
    record(actor=actor, team_id=project.team_id, verb="deleted the project", subject=project)
    project.delete()
    publish(Host.objects.default())
    wakeup.clean()


def _confirmed(name: str, confirm: str, consequence: str) -> None:
    if confirm != name:
        raise UserError("delete:user:confirm", consequence, hint=f"Confirm with its name, {name}.", status=409)
