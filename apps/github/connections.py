"""Connecting a service to a repository of GitHub, and disconnecting it. Each checks the permission, in one transaction.

Not in charge of who may have which repository: a `Choice` comes from `choices`, which asked GitHub.
"""

from __future__ import annotations

from django.db import transaction

from apps.accounts.access import Actor
from apps.accounts.actions import record
from apps.accounts.policy import Permission
from apps.github.app import require_app
from apps.github.choices import Choice, may_push
from apps.github.fetching import clone_url
from apps.github.models import Connection, Installation, Repository, Trouble
from apps.projects.actions import change_service
from apps.projects.models import Service
from workers.errors import UserError


def source_of(choice: Choice) -> str:
    """The address that a service of it has."""
    return clone_url(require_app(), choice.full_name)


@transaction.atomic
def connect(*, actor: Actor, service: Service, choice: Choice, branch: str = "") -> Connection:
    """From now on the service is fetched from `choice` with the App's tokens. `branch` "" is the default one.

    Takes effect with the next deployment. An access token or deploy key from before is forgotten. GitHub is told nothing
    until somebody who may push there has a hand in it: reading a repository is no leave to write to it.
    """
    actor.require(Permission.WRITE_SERVICE, service.team_id)
    url = source_of(choice)
    branch = branch or (service.branch if _is_same(service.source_url, url) else choice.default_branch)
    change_service(actor=actor, service=service, source_url=url, branch=branch, source_token="")
    row = _connected(service, keep(choice), choice.may_push)
    record(actor=actor, team_id=service.team_id, verb="connected a repository to", subject=service, to=choice.full_name)
    return row


def _connected(service: Service, repository: Repository, may_tell: bool) -> Connection:
    rows = Connection.objects.filter(service=service)
    rows.exclude(repository=repository).delete()
    if may_tell:
        rows.update(may_tell=True)
    return rows.get_or_create(service=service, defaults={"repository": repository, "may_tell": may_tell})[0]


def let_tell(*, actor: Actor, service: Service) -> None:
    """GitHub may show its deployments from now on. GitHub is asked whether the actor may push: not in a transaction."""
    actor.require(Permission.WRITE_SERVICE, service.team_id)
    row = Connection.objects.filter(service=service, may_tell=False).select_related("repository").first()
    if row is None:
        return
    if not may_push(actor, row.repository.github_id):
        raise UserError(
            "source:user:no-push", f"GitHub does not let you push to {row.repository.full_name}, so it is told nothing.",
            hint="Somebody who may push there, and signed in with GitHub here, chooses what it is told.", status=403,
        )  # fmt: skip
    if Connection.objects.filter(pk=row.pk, may_tell=False).update(may_tell=True):
        record(actor=actor, team_id=service.team_id, verb="let GitHub be told of", subject=service)


def _is_same(one: str, other: str) -> bool:
    return one.removesuffix(".git").casefold() == other.removesuffix(".git").casefold()


@transaction.atomic
def disconnect(*, actor: Actor, service: Service) -> Service:
    """It keeps its address as a plain one: a private repository needs a token of its own then. What runs goes on."""
    actor.require(Permission.WRITE_SERVICE, service.team_id)
    rows = Connection.objects.select_related("repository").filter(service=service)
    row = rows.first()
    if row is None:
        raise UserError(
            "source:user:not-connected", "This service is not connected to GitHub.",
            hint="Connect it on its page Source.", status=409,
        )  # fmt: skip
    name = row.repository.full_name
    row.delete()
    record(actor=actor, team_id=service.team_id, verb="disconnected GitHub from", subject=service, was=name)
    return service


def keep(choice: Choice) -> Repository:
    """The rows of a repository and its installation as GitHub just told them. That it is shown ends all trouble."""
    account = choice.account
    installation, _ = Installation.objects.update_or_create(
        github_id=account.id,
        defaults={
            "account_login": account.login,
            "account_id": account.account_id,
            "account_type": account.type,
            "selection": account.selection,
            "suspended_at": None,
            "deleted_at": None,
        },
    )
    row, _ = Repository.objects.update_or_create(
        github_id=choice.github_id,
        defaults={
            "installation": installation,
            "full_name": choice.full_name,
            "private": choice.private,
            "archived": choice.archived,
            "default_branch": choice.default_branch,
            "pushed_at": choice.pushed_at,
            "trouble": Trouble.NONE,
            "trouble_at": None,
        },
    )
    return row
