"""Installations and their repositories as GitHub lists them: read whole, kept, and what is not listed any more marked.

What a webhook says of one of them is in `life`. Nobody may use a row because it is here: see `choices`.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from apps.github.answers import InstallationTold, RepositoryTold
from apps.github.client import Client, app_client, at, installation_client
from apps.github.errors import NotThere
from apps.github.models import Installation, Repository, RepositoryQuerySet, Trouble
from apps.lib.text import storable

MOST = 10_000  # Repositories of one account.


def refresh(*, patience: float = 0) -> int:
    """Everything, from GitHub; how many installations there are. Those that GitHub does not list are gone."""
    told = list(app_client(patience=patience).pages("/app/installations", InstallationTold))
    gone = Installation.objects.filter(deleted_at=None).exclude(github_id__in=[one.id for one in told])
    for row in gone:
        uninstalled(row)
    for one in told:
        refresh_repositories(keep_installation(one), patience=patience)
    return len(told)


def refresh_one(github_id: int, *, client: Client | None = None) -> Installation | None:
    """One installation by its id, as our own App sees it; None when it has no such."""
    row = Installation.objects.filter(github_id=github_id).first()
    try:
        told = (client or app_client()).get(at("/app/installations/{}", github_id), InstallationTold)
    except NotThere:
        if row is not None:
            uninstalled(row)
        return None
    row = keep_installation(told)
    refresh_repositories(row)
    return row


def refresh_repositories(installation: Installation, *, patience: float = 0) -> None:
    """All that it sees; those that it does not see any more are `removed`."""
    if not installation.is_usable:
        return
    client = installation_client(installation, patience=patience)
    told = list(client.pages("/installation/repositories", RepositoryTold, key="repositories", most=MOST))
    with transaction.atomic():
        keep_repositories(installation, told)
        of_it = _rows().filter(installation=installation, trouble=Trouble.NONE)
        of_it.exclude(github_id__in=[one.id for one in told]).in_trouble(Trouble.REMOVED)
        Installation.objects.filter(pk=installation.pk).update(synced_at=timezone.now())


def keep_installation(told: InstallationTold) -> Installation:
    """Its row as GitHub says; one that was thought gone is there again, but for repositories that it cannot see."""
    row, _ = Installation.objects.update_or_create(
        github_id=told.id,
        defaults={
            "account_login": told.account.login,
            "account_id": told.account.id,
            "account_type": told.account.type,
            "selection": told.repository_selection[:10],
            "permissions": told.permissions,
            "suspended_at": told.suspended_at,
            "deleted_at": None,
        },
    )
    _rows().filter(installation=row, trouble__in=[Trouble.SUSPENDED, Trouble.UNINSTALLED]).in_trouble(Trouble.NONE)
    if row.suspended_at:
        _rows().filter(installation=row, trouble=Trouble.NONE).in_trouble(Trouble.SUSPENDED, row.suspended_at)
    return row


def keep_repositories(installation: Installation, told: Iterable[RepositoryTold]) -> None:
    """Rows of what an installation sees: new ones, and those known by their id under whatever name. Ends their trouble."""
    rows = [_row(installation, one) for one in {one.id: one for one in told}.values()]
    fields = [
        "installation",
        "full_name",
        "private",
        "archived",
        "default_branch",
        "pushed_at",
        "trouble",
        "trouble_at",
    ]
    Repository.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["github_id"], update_fields=fields, batch_size=500
    )


def _row(installation: Installation, told: RepositoryTold) -> Repository:
    return Repository(
        github_id=told.id,
        installation=installation,
        full_name=storable(told.full_name)[:250],
        private=told.private,
        archived=told.archived,
        default_branch=storable(told.default_branch)[:250] or "main",
        pushed_at=moment(told.pushed_at),
    )


def uninstalled(installation: Installation) -> None:
    """It is gone for good: GitHub gives a new installation another id."""
    now = timezone.now()
    Installation.objects.filter(pk=installation.pk, deleted_at=None).update(deleted_at=now)
    _rows().filter(installation=installation).exclude(trouble=Trouble.DELETED).in_trouble(Trouble.UNINSTALLED, now)


def moment(told: datetime | int | None) -> datetime | None:
    """Pushes tell seconds, everything else ISO 8601."""
    return datetime.fromtimestamp(told, UTC) if isinstance(told, int) else told


def _rows() -> RepositoryQuerySet:
    return RepositoryQuerySet(Repository)


def listed() -> QuerySet[Installation]:
    """Those that are there first, by account."""
    return Installation.objects.order_by("deleted_at", "account_login", "created_at")
