"""What is asked of GitHub about pushes and deliveries, through its client. Repositories by their ids, which last.

Not in charge of what follows from the answers.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from pydantic import BaseModel

from apps.github.answers import DeliveryTold
from apps.github.client import Client, app_client, at, installation_client
from apps.github.errors import NotThere
from apps.github.models import Repository
from apps.webhooks.checks import Check
from workers.errors import SlipwayError

log = logging.getLogger(__name__)

MOST_FILES = 300  # GitHub tells no more files of a comparison.
MOST_CHECKS = 500
MOST_DELIVERIES = 5000


class FileTold(BaseModel):
    filename: str
    previous_filename: str | None = None


class ComparisonTold(BaseModel):
    """`status` "ahead": nothing of the first commit is missing in the second, so these are all files that differ."""

    status: str = ""
    files: list[FileTold] = []


class RunnerTold(BaseModel):
    id: int = 0


class RunTold(BaseModel):
    """https://docs.github.com/en/rest/checks/runs#list-check-runs-for-a-git-reference"""

    name: str
    status: str
    conclusion: str | None = None
    app: RunnerTold | None = None


class StatusTold(BaseModel):
    context: str
    state: str


class AuthorTold(BaseModel):
    name: str = ""
    date: str = ""


class CommitTold(BaseModel):
    message: str = ""
    author: AuthorTold = AuthorTold()


class HeadTold(BaseModel):
    """https://docs.github.com/en/rest/commits/commits#get-a-commit"""

    sha: str
    commit: CommitTold


class RequestTold(BaseModel):
    headers: dict[str, str] = {}
    payload: dict[str, Any] | None = None


class WholeDeliveryTold(DeliveryTold):
    """https://docs.github.com/en/rest/apps/webhooks#get-a-delivery-for-an-app-webhook"""

    request: RequestTold


def client_of(repository: Repository) -> Client:
    """Raises what says that nobody shows it to us any more."""
    if repository.installation is None:
        raise NotThere("installation that shows the repository")
    return installation_client(repository.installation)


def changed_files(repository: Repository, before: str, after: str) -> frozenset[str] | None:
    """None when it cannot be told, also while GitHub is away: a push does not wait for that."""
    try:
        path = at("/repositories/{}/compare/{}", repository.github_id, f"{before}...{after}")
        told = client_of(repository).get(path, ComparisonTold, per_page=100)
    except SlipwayError as error:
        log.info("%s: what changed is not told: %s", repository, error.message)
        return None
    if told.status != "ahead" or not 0 < len(told.files) < MOST_FILES:
        return None
    before_renaming = {told.previous_filename for told in told.files if told.previous_filename}
    return frozenset({told.filename for told in told.files} | before_renaming)


def checks_of(repository: Repository, commit: str) -> list[Check]:
    """Check runs and commit statuses, the latest of each name. [] is GitHub's own word that there are none: raises the
    client's errors."""
    client = client_of(repository)
    here = (repository.github_id, commit)
    runs = client.pages(
        at("/repositories/{}/commits/{}/check-runs", *here),
        RunTold,
        key="check_runs",
        most=MOST_CHECKS,
        filter="latest",
    )
    found = [Check.of_run(run.name, run.status, run.conclusion or "", run.app.id if run.app else 0) for run in runs]
    statuses = client.pages(at("/repositories/{}/commits/{}/statuses", *here), StatusTold, most=MOST_CHECKS)
    newest: dict[str, Check] = {}
    for told in statuses:  # Newest first.
        newest.setdefault(told.context, Check.of_status(told.context, told.state))
    return [*found, *newest.values()]


def head_of(repository: Repository, branch: str) -> HeadTold:
    """The commit that a branch leads to. Raises `NotThere` and the client's other errors."""
    path = at("/repositories/{}/commits/{}", repository.github_id, f"heads/{branch}")
    return client_of(repository).get(path, HeadTold)


def deliveries_after(moment: datetime) -> Iterator[DeliveryTold]:
    """What the App's webhook was sent since, newest first."""
    for told in app_client().pages("/app/hook/deliveries", DeliveryTold, most=MOST_DELIVERIES):
        if told.delivered_at < moment:
            return
        yield told


def whole_delivery(number: int) -> WholeDeliveryTold:
    return app_client().get(at("/app/hook/deliveries/{}", number), WholeDeliveryTold)
