"""What GitHub is asked about a pull request, by ids. Not in charge of what follows."""

from __future__ import annotations

from apps.github.client import at, installation_client
from apps.github.models import Repository
from apps.previews.payloads import Pull, PullTold

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
