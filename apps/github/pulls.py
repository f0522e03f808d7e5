"""What previews say of pull requests to whoever shows it at GitHub. Shapes only: `apps.previews` fills them.

`settings.PULL_REQUESTS` is the address of an object that does (`PullRequests`); "" when there are no previews.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, cast
from uuid import UUID

from django.conf import settings
from django.utils.module_loading import import_string

Pull = tuple[UUID, int]  # The row of a repository, and the number of a pull request in it.


@dataclass(frozen=True)
class Shown:
    """A service of a pull request. `state` is "" while its environment says how it stands; else `waiting` (for an
    approval), `refused` (a limit was reached) or `removed`, with the sentence in `reason`."""

    service_id: UUID
    name: str  # `shop/web`, also when the service is gone.
    environment_id: UUID | None
    at: datetime
    state: str = ""
    reason: str = ""


class PullRequests(Protocol):
    def shown(self, pull: Pull) -> list[Shown]:
        """All that the pull request has or was refused; [] when there is nothing to say."""

    def pulls_of(self, environments: Iterable[UUID]) -> Mapping[UUID, Pull]:
        """Environment -> its pull request, of those that are previews."""

    def changed_since(self, moment: datetime) -> list[Pull]:
        """Those of which something changed after `moment`; too many do no harm."""


class NoPreviews:
    def shown(self, pull: Pull) -> list[Shown]:
        return []

    def pulls_of(self, environments: Iterable[UUID]) -> Mapping[UUID, Pull]:
        return {}

    def changed_since(self, moment: datetime) -> list[Pull]:
        return []


def pull_requests() -> PullRequests:
    path = settings.PULL_REQUESTS
    return cast(PullRequests, import_string(path)()) if path else NoPreviews()
