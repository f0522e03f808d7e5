"""Logins that a team keeps for registries of images. Written and never read back; used by the pull alone."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction

from apps.accounts.access import Actor
from apps.accounts.actions import record
from apps.accounts.models import Team
from apps.accounts.policy import Permission
from apps.projects.models import Registry
from workers.errors import UserError
from workers.image_reference import Login, registry_host


@transaction.atomic
def keep_registry(*, actor: Actor, team: Team, host: str, username: str, password: str) -> Registry:
    """A login for a host; one that the team had for it is replaced."""
    actor.require(Permission.WRITE_VARIABLES, team.pk)
    if not username.strip() or not password or "\0" in username + password:
        raise UserError(
            "registry:user:login", "A login is a user name and a password or token.", hint="Give both.", status=422
        )
    told = {"username": username.strip(), "password": password}
    row, _ = Registry.objects.update_or_create(team=team, host=registry_host(host), defaults=told)
    record(actor=actor, team_id=team.pk, verb="kept a login for the registry", subject=row)
    return row


@transaction.atomic
def forget_registry(*, actor: Actor, registry: Registry) -> None:
    """What was pulled stays; the next pull of a private image fails."""
    actor.require(Permission.WRITE_VARIABLES, registry.team_id)
    record(actor=actor, team_id=registry.team_id, verb="forgot the login for the registry", subject=registry)
    registry.delete()


def login_for(team_id: UUID, host: str) -> Login | None:
    row = Registry.objects.filter(team_id=team_id, host=host).first()
    return Login(row.username, row.password) if row else None
