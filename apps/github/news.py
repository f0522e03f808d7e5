"""Who is told when repositories changed at GitHub: the activity of every service that comes from one, and its open pages.

Compares rows before and after; not in charge of changing them.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from apps.accounts.access import Actor
from apps.accounts.actions import record
from apps.github.app import require_app
from apps.github.fetching import clone_url
from apps.github.models import Connection, Repository, Trouble
from apps.projects.models import Service

GITHUB = Actor(user=None, name="GitHub")
VERBS = {
    Trouble.NONE: "gives access again to the repository of",
    Trouble.REMOVED: "took away access to the repository of",
    Trouble.DELETED: "deleted the repository of",
    Trouble.SUSPENDED: "suspended the App, for the repository of",
    Trouble.UNINSTALLED: "uninstalled the App, for the repository of",
    Trouble.TRANSFERRED: "moved away the repository of",
}


@contextmanager
def told_to_teams(repository: int | None = None) -> Iterator[None]:
    """Around whatever changes rows of a repository (GitHub's id; None: of any): what is another afterwards is recorded,
    and services follow a repository to its new name."""
    before = _standing(repository)
    yield
    for pk, (name, trouble) in _standing(repository).items():
        if pk in before and name != before[pk][0]:
            _renamed(pk, before[pk][0], name)
        if pk in before and trouble != before[pk][1]:
            _tell(pk, VERBS[Trouble(trouble)])


def _standing(repository: int | None) -> dict[UUID, tuple[str, str]]:
    """Of those that services come from: the name and the trouble."""
    rows = Repository.objects.filter(connections__isnull=False).distinct()
    rows = rows if repository is None else rows.filter(github_id=repository)
    return {pk: (name, trouble) for pk, name, trouble in rows.values_list("pk", "full_name", "trouble")}


def _renamed(pk: UUID, before: str, after: str) -> None:
    """Services show the address of today; they are fetched by the repository's id whatever it says."""
    Service.objects.filter(connection__repository=pk).update(source_url=clone_url(require_app(), after))
    _tell(pk, "renamed the repository of", before=before, after=after)


def _tell(pk: UUID, verb: str, **data: Any) -> None:
    for row in Connection.objects.filter(repository=pk).select_related("service__project"):
        record(actor=GITHUB, team_id=row.service.team_id, verb=verb, subject=row.service, **data)
