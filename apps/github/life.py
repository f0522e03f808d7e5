"""What becomes of installations and repositories, as GitHub's webhooks tell it. Each takes a payload and answers a sentence.

Deliveries come late, twice and out of order: what is true now is asked of GitHub; what cannot be asked any more (gone for
good) is believed. Running apps are never touched. Not in charge of signatures and retries (`apps.webhooks`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pydantic import Field

from apps.github import installations
from apps.github.answers import AccountTold, InstallationTold, RepositoryTold, Told
from apps.github.client import at, forget, installation_client
from apps.github.errors import NotThere, Refused
from apps.github.models import Installation, Repository, RepositoryQuerySet, Trouble
from apps.github.news import told_to_teams

Payload = dict[str, Any]


class InstallationEvent(Told):
    action: str = Field(max_length=40)
    installation: InstallationTold
    repositories_removed: list[RepositoryTold] = []


class Where(Told):
    id: int


class RepositoryEvent(Told):
    action: str = Field(max_length=40)
    repository: RepositoryTold
    installation: Where | None = None


class TargetEvent(Told):
    action: str = Field(max_length=40)
    account: AccountTold
    installation: Where


def installation(payload: Payload) -> str:
    """created, deleted, suspend, unsuspend, new_permissions_accepted."""
    told = InstallationEvent.model_validate(payload)
    login, known = told.installation.account.login, _forgotten(told.installation.id)
    with told_to_teams():
        if told.action == "deleted":
            installations.uninstalled(known or installations.keep_installation(told.installation))
            return f"The App was uninstalled from {login}."
        now = installations.refresh_one(told.installation.id)
    if now is not None and now.suspended_at:
        return f"The App is suspended in {login}."
    return _seen(now, login)


def installation_repositories(payload: Payload) -> str:
    """added, removed: what it sees now is read whole; what was removed is told apart from what moved away."""
    told = InstallationEvent.model_validate(payload)
    _forgotten(told.installation.id)
    removed = [one.id for one in told.repositories_removed]
    with told_to_teams():
        now = installations.refresh_one(told.installation.id)
        gone = Repository.objects.filter(github_id__in=removed, installation=now, trouble=Trouble.REMOVED)
        for row in gone if now else []:
            if _moved(row, told.installation.account.id):
                _mark(row, Trouble.TRANSFERRED)
    return _seen(now, told.installation.account.login)


def repository(payload: Payload) -> str:
    """renamed, transferred, privatized, publicized, archived, unarchived, edited, deleted."""
    told = RepositoryEvent.model_validate(payload)
    row = Repository.objects.select_related("installation").filter(github_id=told.repository.id).first()
    home = Installation.objects.filter(github_id=told.installation.id).first() if told.installation else None
    home = home or (row.installation if row else None)
    name = told.repository.full_name
    with told_to_teams(told.repository.id):
        if row is not None and told.action == "deleted":
            _mark(row, Trouble.DELETED)
            return f"{name} was deleted."
        if home is None or not home.is_usable:
            return f"The App is not active where {name} is."
        return _as_it_is(home, told.repository, row)


def installation_target(payload: Payload) -> str:
    """renamed: the account has another name, and so have all its repositories."""
    told = TargetEvent.model_validate(payload)
    with told_to_teams():
        now = installations.refresh_one(told.installation.id)
    return _seen(now, told.account.login)


EVENTS: dict[str, Callable[[Payload], str]] = {
    "installation": installation,
    "installation_repositories": installation_repositories,
    "repository": repository,
    "installation_target": installation_target,
}


def _as_it_is(home: Installation, told: RepositoryTold, row: Repository | None) -> str:
    """The row as GitHub answers now, whatever a delivery of before says."""
    try:
        now = installation_client(home).get(at("/repositories/{}", told.id), RepositoryTold)
    except (NotThere, Refused):
        if row is not None and row.installation_id == home.pk and row.trouble != Trouble.DELETED:
            _mark(row, Trouble.REMOVED)
        return f"{told.full_name} is not shown to the App."
    if now.owner is not None and now.owner.id != home.account_id:  # A public one that moved: everybody sees it.
        return f"{now.full_name} is in another account."
    installations.keep_repositories(home, [now])
    return f"{now.full_name} was looked at again."


def _moved(row: Repository, account_id: int) -> bool:
    """Whether what an account does not show any more is another account's: seen where it is public."""
    assert row.installation is not None
    try:
        now = installation_client(row.installation).get(at("/repositories/{}", row.github_id), RepositoryTold)
    except (NotThere, Refused):
        return False
    return now.owner is not None and now.owner.id != account_id


def _mark(row: Repository, trouble: Trouble) -> None:
    RepositoryQuerySet(Repository).filter(pk=row.pk).in_trouble(trouble)


def _forgotten(github_id: int) -> Installation | None:
    """The row of an installation, if it is known; its tokens may stand for what is not true any more."""
    row = Installation.objects.filter(github_id=github_id).first()
    if row is not None:
        forget(row)
    return row


def _seen(row: Installation | None, login: str) -> str:
    if row is None:
        return f"The App is not installed in {login} any more."
    count = row.repositories.filter(trouble=Trouble.NONE).count()
    return f"The App sees {count} {'repository' if count == 1 else 'repositories'} of {row.account_login}."
