"""Where a service comes from, as one thing: a repository of GitHub, an address with a token or a deploy key, an image.

Not in charge of what GitHub shows to whom (`apps.github`), nor of fetching.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import transaction

from apps.accounts.access import Actor
from apps.github.app import the_app
from apps.github.fetching import connection_of
from apps.github.models import Connection, Repository
from apps.github.troubles import Told, told_of
from apps.projects import actions as projects
from apps.projects.models import Service
from apps.projects.source_keys import ShownKey, shown_key


@dataclass(frozen=True)
class SourceOf:
    """`repository` None: a plain address. `trouble` says what happened to the repository, and how to mend it."""

    service: Service
    repository: Repository | None
    repository_url: str
    trouble: Told | None
    key: ShownKey | None

    @property
    def kind(self) -> str:
        """`image`, `github`, `ssh` or `https`."""
        if self.service.image:
            return "image"
        return "github" if self.repository else "ssh" if self.key else "https"


def source_of(service: Service) -> SourceOf:
    connection = connection_of(service)
    if connection is None:
        return SourceOf(service, None, "", None, shown_key(service))
    app, repository = the_app(), connection.repository
    url = f"{app.web_url}/{repository.full_name}" if app else ""
    return SourceOf(service, repository, url, told_of(repository, app), None)


@transaction.atomic
def change_service(*, actor: Actor, service: Service, **changes: Any) -> Service:
    """As `apps.projects.actions.change_service`. An address or image of its own ends the connection with
    GitHub."""
    changed = projects.change_service(actor=actor, service=service, **changes)
    moved = "" if changes.get("image") else changes.get("source_url")
    if moved is not None and (connection := connection_of(service)) is not None and not _is_of(connection, moved):
        connection.delete()
    return changed


def _is_of(connection: Connection, url: str) -> bool:
    app = the_app()
    return app is not None and url.removesuffix(".git") == f"{app.web_url}/{connection.repository.full_name}"
