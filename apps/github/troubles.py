"""What happened to a repository of a service, as sentences: what, and how to mend it. One wording for logs, pages, API.

Not in charge of finding out (`fetching`, and what GitHub sends by webhook).
"""

from __future__ import annotations

from dataclasses import dataclass

from apps.github.app import App
from apps.github.models import Repository, Trouble
from workers.errors import UserError

ELSEWHERE = "or connect the service to another repository on its page Source"


@dataclass(frozen=True)
class Told:
    """`url` is where it is mended; "" when that is not at GitHub."""

    trouble: str
    sentence: str
    hint: str
    url: str = ""

    def as_error(self) -> UserError:
        return UserError(f"source:user:github-{self.trouble}", self.sentence, hint=self.hint)


def told_of(repository: Repository, app: App | None) -> Told | None:
    """None when all is well. An installation that is gone weighs more than what was said of the repository before."""
    trouble = _trouble_of(repository)
    if not trouble:
        return None
    name = repository.full_name
    account = repository.installation.account_login if repository.installation else repository.owner
    url = app.install_url if app else ""
    sentences: dict[str, tuple[str, str, str]] = {
        Trouble.REMOVED: (
            f"The GitHub App may no longer see {name}.",
            f"Add it again under Adjust access at GitHub, install the App where it was moved to, {ELSEWHERE}.", url,
        ),
        Trouble.DELETED: (
            f"{name} was deleted at GitHub.",
            "Connect the service to another repository on its page Source.", "",
        ),
        Trouble.SUSPENDED: (
            f"The GitHub App is suspended in {account}.",
            f"Lift the suspension among {account}'s installed GitHub Apps, then deploy again.", url,
        ),
        Trouble.UNINSTALLED: (
            f"The GitHub App was uninstalled from {account}.",
            f"Install it there again, {ELSEWHERE}.", url,
        ),
        Trouble.TRANSFERRED: (
            f"{name} was moved to an account in which the GitHub App is not installed.",
            f"Install it there, {ELSEWHERE}.", url,
        ),
    }  # fmt: skip
    sentence, hint, where = sentences[trouble]
    return Told(trouble, sentence, hint, where)


def _trouble_of(repository: Repository) -> str:
    found = repository.installation
    if found is not None and found.deleted_at:
        return Trouble.UNINSTALLED
    if found is not None and found.suspended_at:
        return Trouble.SUSPENDED
    return repository.trouble or ("" if found is not None else Trouble.UNINSTALLED)
