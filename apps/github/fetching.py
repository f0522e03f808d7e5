"""Where a connected repository is fetched from, and with what: its address of today, and a token for it alone.

Not in charge of fetching (`workers.git`). When a fetch fails, GitHub is asked by the repository's id what became of it.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field

from django.utils import timezone

from apps.github.answers import InstallationTold, RepositoryTold
from apps.github.app import App, require_app
from apps.github.client import app_client, at, forget, installation_client, installation_token
from apps.github.errors import BadToken, NotThere, Refused
from apps.github.models import Connection, Installation, Repository, Trouble
from apps.github.troubles import told_of
from apps.projects.models import Service
from workers.errors import UserError

log = logging.getLogger(__name__)

PERMISSIONS = {"contents": "read"}
# What git says when a token ended, access went, or the repository has another name by now.
MAY_BE_MENDED = ("source:user:private", "source:user:repository-not-found", "source:user:redirected")


@dataclass(frozen=True)
class Way:
    url: str
    token: str = field(repr=False)


def connection_of(service: Service) -> Connection | None:
    rows = Connection.objects.select_related("repository__installation")
    return rows.filter(service=service).first()


def clone_url(app: App, full_name: str) -> str:
    """Beneath the App's own address, whatever an answer said: the token goes there."""
    return f"{app.web_url}/{full_name}.git"


def way_to(connection: Connection, *, fresh: bool = False) -> Way:
    """A token that reads this repository's contents and nothing else, in the name of the App. `fresh`: not a kept one.

    Raises UserError `source:user:github-...`, which says what happened and how to mend it.
    """
    app, repository = require_app(), connection.repository
    installation = repository.installation
    if installation is None or not installation.is_usable:
        raise _explained(repository, app)
    try:
        token = installation_token(
            installation,
            repository_ids=[repository.github_id],
            permissions=PERMISSIONS,
            fresh=fresh or bool(repository.trouble),
        )
    except (NotThere, Refused) as error:
        log.info("no token for %s: %s", repository.github_id, error)
        look(repository)
        raise _explained(repository, app, error) from error
    if repository.trouble:
        _mark(repository, Trouble.NONE)  # GitHub has just given a token for it.
    return Way(clone_url(app, repository.full_name), token)


def way_again(connection: Connection, failed: UserError) -> Way:
    """After a fetch that failed by `failed`: the same repository by its id, with another token. Raises what happened."""
    repository = connection.repository
    look(repository)
    if repository.trouble:
        raise _explained(repository, require_app(), failed) from failed
    return way_to(connection, fresh=True)


def unreadable(connection: Connection, failed: UserError) -> UserError:
    """For a fetch that failed although GitHub shows the repository and gave a new token."""
    if failed.code not in MAY_BE_MENDED:
        return failed
    return UserError(
        "source:user:github-unreadable", f"GitHub does not let {connection.repository.full_name} be read by git.",
        hint="The GitHub App needs the permission Contents: read, accepted by the account that the repository is of.",
    )  # fmt: skip


def look(repository: Repository) -> None:
    """Ask GitHub what is true of a repository now, and keep it: its name, or its trouble."""
    installation = repository.installation
    if installation is None:
        return
    forget(installation)
    try:
        told = _seen(installation, repository)
    except (NotThere, Refused):
        _mark(repository, _trouble_now(installation))
        return
    repository.full_name, repository.private = told.full_name, told.private
    repository.save(update_fields=["full_name", "private"])
    services = Service.objects.filter(connection__repository=repository)
    services.update(source_url=clone_url(require_app(), told.full_name))
    _mark(repository, Trouble.NONE)


def _seen(installation: Installation, repository: Repository) -> RepositoryTold:
    """As the App sees it; a public one only if the installation has it, since that one all the world sees."""
    client = installation_client(installation)
    told = client.get(at("/repositories/{}", repository.github_id), RepositoryTold)
    installation_token(installation, repository_ids=[repository.github_id], permissions=PERMISSIONS, fresh=True)
    return told


def _trouble_now(installation: Installation) -> Trouble:
    """Of the installation, else of the repository. GitHub does not tell one that was deleted from one that we may not
    see; its webhook does, and has said so by then."""
    try:
        told = app_client().get(at("/app/installations/{}", installation.github_id), InstallationTold)
    except NotThere:
        Installation.objects.filter(pk=installation.pk, deleted_at=None).update(deleted_at=timezone.now())
        return Trouble.UNINSTALLED
    if told.suspended_at:
        Installation.objects.filter(pk=installation.pk).update(suspended_at=told.suspended_at)
        return Trouble.SUSPENDED
    return Trouble.REMOVED


def _mark(repository: Repository, trouble: Trouble) -> None:
    """What a webhook told more exactly stays: that it was deleted, or moved."""
    if trouble == Trouble.REMOVED and repository.trouble in (Trouble.DELETED, Trouble.TRANSFERRED):
        return
    Repository.objects.filter(pk=repository.pk).in_trouble(trouble)
    repository.refresh_from_db()


def _explained(repository: Repository, app: App, failed: UserError | None = None) -> UserError:
    told = told_of(repository, app)
    if told is not None:
        return told.as_error()
    if failed is None or isinstance(failed, BadToken):
        return UserError(
            "source:user:github-refused", f"GitHub gives no token for {repository.full_name}.",
            hint="Look at the GitHub App on the operators' page GitHub: its key may have been replaced.",
        )  # fmt: skip
    return failed
