"""What people do with projects: create and change them, their services, variables, domains and volumes.

Deploying, and deleting what runs, is in `apps.deployments.actions`.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from apps.accounts.access import Actor
from apps.accounts.actions import record
from apps.accounts.installation import base_domain
from apps.accounts.models import Team
from apps.accounts.policy import Permission
from apps.lib.hostnames import normalise_host, slug
from apps.projects.models import Domain, Environment, EnvironmentKind, Project, Service, Volume
from apps.projects.source_keys import keep_key
from workers.errors import UserError
from workers.git_refs import check_branch
from workers.git_remote import origin_of
from workers.image_reference import parse_image

PATH = re.compile(r"^/[A-Za-z0-9._/-]{1,240}$")


@transaction.atomic
def create_project(*, actor: Actor, team: Team, name: str) -> Project:
    """A project with its `production` environment."""
    actor.require(Permission.WRITE_SERVICE, team.pk)
    label = _label(name, "project")
    if Project.objects.filter(team=team, slug=label).exists():
        raise UserError(
            "project:user:name-taken", f"There is a project {label} in this team already.", hint="Choose another name.",
            status=409,
        )  # fmt: skip
    project = Project.objects.create(team=team, name=name.strip(), slug=label)
    Environment.objects.create(project=project, name="production", slug="production", kind=EnvironmentKind.PRODUCTION)
    record(actor=actor, team_id=team.pk, verb="created the project", subject=project)
    return project


@transaction.atomic
def rename_project(*, actor: Actor, project: Project, name: str) -> Project:
    actor.require(Permission.WRITE_SERVICE, project.team_id)
    _label(name, "project")
    project.name = name.strip()
    project.save(update_fields=["name"])
    record(actor=actor, team_id=project.team_id, verb="renamed the project", subject=project)
    return project


@transaction.atomic
def create_environment(*, actor: Actor, project: Project, name: str, branch: str = "") -> Environment:
    """One for people, such as staging. Services are deployed in it from `branch`, or each from its own."""
    actor.require(Permission.WRITE_SERVICE, project.team_id)
    label = _label(name, "environment")
    if branch:
        check_branch(branch)
    told = {"name": name.strip(), "branch": branch}
    row, made = Environment.objects.get_or_create(project=project, slug=label, defaults=told)
    if not made:
        raise UserError("environment:user:name-taken", f"There is an environment {label} already.", status=409)
    record(actor=actor, team_id=project.team_id, verb="created the environment", subject=row)
    return row


@transaction.atomic
def create_service(*, actor: Actor, project: Project, name: str, **settings_: Any) -> Service:
    """A service with a host name beneath the base domain."""
    actor.require(Permission.WRITE_SERVICE, project.team_id)
    label = _label(name, "service")
    if Service.objects.filter(project=project, slug=label).exists():
        raise UserError(
            "service:user:name-taken", f"There is a service {label} in this project already.",
            hint="Choose another name.", status=409,
        )  # fmt: skip
    service = Service(project=project, name=name.strip(), slug=label, **settings_)
    _clean(service)
    _check_source(service)
    keep_key(service)
    service.save()
    if not service.is_internal:
        give_host(service, project.production)
    record(actor=actor, team_id=project.team_id, verb="created the service", subject=service)
    return service


@transaction.atomic
def change_service(*, actor: Actor, service: Service, **changes: Any) -> Service:
    """New settings: they take effect with the next deployment.

    A source at another server (scheme, host or port) loses the access token, unless a new one comes with it: who may
    write settings could otherwise have the token sent to a server of their own. Its deploy key and the server's pinned
    key go too.
    """
    actor.require(Permission.WRITE_SERVICE, service.team_id)
    if changes.get("image"):
        changes = {"source_url": "", "source_token": "", **changes}
    elif changes.get("source_url"):
        changes = {"image": "", **changes}
    moved = changes.get("source_url", service.source_url)
    if moved and moved != service.source_url and origin_of(moved) != _known_origin(service):
        service.source_key = service.source_host_key = ""
        changes = {"source_token": "", **changes} if service.source_token else changes
    before = {name: getattr(service, name) for name in changes}
    for name, value in changes.items():
        setattr(service, name, value)
    _clean(service)
    if {"image", "source_url"} & changes.keys():
        _check_source(service)
    keep_key(service)
    service.save()
    changed = sorted(name for name, value in before.items() if value != getattr(service, name))
    if changed:
        record(actor=actor, team_id=service.team_id, verb="changed the settings", subject=service, fields=changed)
    return service


def give_host(service: Service, environment: Environment) -> Domain:
    """A host name beneath the base domain."""
    suffix = "" if environment.is_production else f"-{environment.slug}"
    host = free_host(service.slug, service.project.slug, suffix=suffix, last=service.short_id)
    return Domain.objects.create(service=service, environment=environment, host=host, is_generated=True)


def free_host(service: str, project: str, *, suffix: str = "", last: str) -> str:
    """`<service>.<base>`, or with the project's name, then with `last`, when that is taken."""
    base = base_domain()
    # A long name is cut before what tells two environments apart, never after.
    tries = ((service, suffix), (f"{service}-{project}", suffix), (service, f"{suffix}-{last}"))
    hosts = [f"{name[: 63 - len(end)].strip('-')}{end}.{base}" for name, end in tries]
    taken = set(Domain.objects.filter(host__in=hosts).values_list("host", flat=True))
    return next(host for host in hosts if host not in taken)


def make_domain(*, actor: Actor, service: Service, environment: Environment, host: str) -> Domain:
    """A host name of one's own, unique on this installation. Call inside a transaction; the caller publishes the route."""
    actor.require(Permission.WRITE_DOMAINS, service.team_id)
    name = normalise_host(host)
    if name == _dashboard_host():
        raise UserError(
            "domain:user:reserved", f"{name} is the dashboard's own address.", hint="Choose another host name.",
            status=422,
        )  # fmt: skip
    try:
        with transaction.atomic():
            row = Domain.objects.create(service=service, environment=environment, host=name)
    except IntegrityError as error:
        raise UserError(
            "domain:user:taken",
            f"{name} is taken: this Slipway routes it already.",
            hint="Remove it where it is used, or choose another host name.",
            status=409,
        ) from error
    record(actor=actor, team_id=service.team_id, verb="added the domain", subject=row)
    return row


@transaction.atomic
def create_volume(
    *, actor: Actor, service: Service, environment: Environment, name: str, path: str, reuse: UUID | None = None
) -> Volume:
    """Declare a volume; it is mounted with the next deployment. `reuse` takes a kept one of the project up again."""
    actor.require(Permission.WRITE_SERVICE, service.team_id)
    if not PATH.match(path) or ".." in path.split("/"):
        raise UserError(
            "volume:user:path", f"{path[:80]!r} is not a folder in the container.",
            hint="Give an absolute path such as /data.", status=422,
        )  # fmt: skip
    if Volume.objects.filter(service=service, environment=environment, path=path, discarded_at=None).exists():
        raise UserError("volume:user:path-taken", f"A volume is mounted at {path} already.", status=409)
    if reuse is None:
        row = Volume.objects.create(
            project=service.project, environment=environment, service=service, name=_label(name, "volume"), path=path
        )
    else:
        kept = Volume.objects.filter(project=service.project, service=None, discarded_at=None, pk=reuse)
        if not kept.update(service=service, environment=environment, path=path):
            raise UserError("volume:user:not-kept", "That volume is not free to be used again.", status=404)
        row = kept.model.objects.get(pk=reuse)
    record(actor=actor, team_id=service.team_id, verb="created the volume", subject=row, path=path)
    return row


@transaction.atomic
def discard_volume(*, actor: Actor, volume: Volume, confirm: str) -> Volume:
    """Remove a volume and everything on it, for ever. `confirm` is its name, typed by a person."""
    actor.require(Permission.DELETE, volume.project.team_id)
    if confirm != volume.name:
        raise UserError(
            "volume:user:confirm", "The data of this volume will be gone for ever.",
            hint=f"Confirm with its name, {volume.name}.", status=409,
        )  # fmt: skip
    volume.service = None
    volume.discarded_at = timezone.now()
    volume.save(update_fields=["service", "discarded_at"])
    record(actor=actor, team_id=volume.project.team_id, verb="discarded the volume", subject=volume)
    return volume


def _check_source(service: Service) -> None:
    """A git address or an image, by its form alone: nobody is asked."""
    if bool(service.image) == bool(service.source_url):
        raise UserError(
            "service:user:one-source", "A service comes from a git address or from an image.",
            hint="Give either source_url or image.", status=422,
        )  # fmt: skip
    if service.image:
        parse_image(service.image)
    else:
        origin_of(service.source_url)


def _dashboard_host() -> str:
    return urlsplit(settings.SLIPWAY.url).hostname or ""


def _known_origin(service: Service) -> tuple[str, str, int | None] | None:
    """None for an address kept from before such were refused."""
    try:
        return origin_of(service.source_url)
    except UserError:
        return None


def _label(name: str, what: str) -> str:
    label = slug(name)
    if not label or len(name.strip()) > 40:
        raise UserError(
            f"{what}:user:name", f"{name[:60]!r} cannot be a name.",
            hint="Use 1 to 40 characters with at least one letter or digit.", status=422,
        )  # fmt: skip
    return label


def _clean(service: Service) -> None:
    """The model's own field rules as one sentence."""
    try:
        service.full_clean(validate_unique=False, validate_constraints=False)
    except ValidationError as error:
        field, reasons = next(iter(error.message_dict.items()))
        raise UserError(
            "service:user:invalid-setting", f"{field}: {' '.join(reasons)}", hint=f"Change {field}.", status=422
        ) from error
