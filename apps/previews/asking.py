"""What GitHub is asked about a pull request and who may say something of it. Not in charge of what follows."""

from __future__ import annotations

from apps.github.client import at, installation_client
from apps.github.errors import NotThere
from apps.github.models import Repository
from apps.previews.payloads import AccessTold, PersonTold, Pull, PullTold

MOST_OPEN = 300


def open_pulls(repository: Repository) -> list[Pull]:
    """Those that are open, changed last first. [] without an installation."""
    if repository.installation is None:
        return []
    path = at("/repositories/{}/pulls", repository.github_id)
    client = installation_client(repository.installation)
    told = client.pages(path, PullTold, most=MOST_OPEN, state="open", sort="updated", direction="desc")
    return [Pull.of(repository.github_id, one) for one in told]


def pull_now(repository: Repository, number: int) -> Pull | None:
    """As it is at this moment. None without an installation; raises what `apps.github.errors` has."""
    if repository.installation is None:
        return None
    path = at("/repositories/{}/pulls/{}", repository.github_id, number)
    return Pull.of(repository.github_id, installation_client(repository.installation).get(path, PullTold))


def may_push(repository: Repository, person: PersonTold) -> bool:
    """At this moment: whoever lost it may not, nor another who took their name. Raises what `apps.github.errors` has."""
    if repository.installation is None:
        return False
    path = at("/repositories/{}/collaborators/{}/permission", repository.github_id, person.login)
    try:
        told = installation_client(repository.installation).get(path, AccessTold)
    except NotThere:
        return False
    return told.permission in ("admin", "write") and told.user.id == person.id
