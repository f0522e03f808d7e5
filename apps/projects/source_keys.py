"""Deploy keys of services: made when a source is read by ssh, shown by their public part, forgotten by a person only.

Not in charge of using them (`workers.deploy_key`).
"""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction

from apps.accounts.access import Actor
from apps.accounts.actions import record
from apps.accounts.policy import Permission
from apps.projects.models import Service
from workers.deploy_key import DeployKey, fingerprint, make_key, public_part
from workers.errors import UserError
from workers.git_remote import is_ssh


@dataclass(frozen=True)
class ShownKey:
    """What people see of it: what is pasted at the git server, and whom that server was when it was met first."""

    public: str
    fingerprint: str
    host_key: str
    host_fingerprint: str


def keep_key(service: Service) -> None:
    """A source that is read by ssh has a key, and no other has one. The caller saves."""
    if not is_ssh(service.source_url):
        service.source_key = service.source_host_key = ""
    elif not service.source_key:
        service.source_key = make_key()


def key_of(service: Service) -> DeployKey | None:
    return DeployKey(service.source_key, service.source_host_key) if service.source_key else None


def shown_key(service: Service) -> ShownKey | None:
    """None for a source that is not read by ssh."""
    if not service.source_key:
        return None
    public, host = public_part(service.source_key), service.source_host_key
    return ShownKey(public, fingerprint(public), host, fingerprint(host) if host else "")


def pin_host_key(service: Service, host_key: str) -> None:
    """The key that a server showed when it was met first. One that is pinned stays, whoever came at the same time."""
    if host_key and not service.source_host_key:
        Service.objects.filter(pk=service.pk, source_host_key="").update(source_host_key=host_key)


@transaction.atomic
def forget_host_key(*, actor: Actor, service: Service) -> Service:
    """The server's key is pinned anew with the next fetch: for when its owners changed it."""
    actor.require(Permission.WRITE_SERVICE, service.team_id)
    _require_ssh(service)
    service.source_host_key = ""
    service.save(update_fields=["source_host_key"])
    record(actor=actor, team_id=service.team_id, verb="forgot the git server's key of", subject=service)
    return service


@transaction.atomic
def renew_key(*, actor: Actor, service: Service) -> Service:
    """Another deploy key: the one before is of no use any more, once it is removed at the git server."""
    actor.require(Permission.WRITE_SERVICE, service.team_id)
    _require_ssh(service)
    service.source_key = make_key()
    service.save(update_fields=["source_key"])
    record(actor=actor, team_id=service.team_id, verb="made a new deploy key for", subject=service)
    return service


def _require_ssh(service: Service) -> None:
    if not is_ssh(service.source_url):
        raise UserError(
            "source:user:not-ssh", "This service's repository is not read by ssh, so it has no deploy key.",
            hint="Give it an address such as git@host:owner/name first.", status=409,
        )  # fmt: skip
