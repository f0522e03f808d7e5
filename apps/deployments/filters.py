"""What a list of deployments is narrowed to, as its address says it."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from django.http import QueryDict

from apps.deployments.models import DeploymentQuerySet
from apps.deployments.presentation import TRIGGERS
from apps.deployments.states import UNFINISHED, Status
from apps.lib.forms import words_of

STATUSES: dict[str, tuple[str, tuple[str, ...]]] = {
    "live": ("Live", (Status.LIVE,)),
    "work": ("At work", tuple(UNFINISHED)),
    "failed": ("Failed", (Status.FAILED,)),
    "cancelled": ("Cancelled", (Status.CANCELLED,)),
    "replaced": ("Replaced", (Status.SUPERSEDED,)),
}


@dataclass(frozen=True)
class Filters:
    """ "" means any. What is not known means any too: a mistyped address shows the page."""

    status: str = ""
    trigger: str = ""
    branch: str = ""

    @classmethod
    def of(cls, query: QueryDict) -> Filters:
        status, trigger = query.get("status", ""), query.get("trigger", "")
        return cls(
            status=status if status in STATUSES else "",
            trigger=trigger if trigger in TRIGGERS else "",
            branch=words_of(query.get("branch"), 250),
        )

    def of_rows(self, rows: DeploymentQuerySet) -> DeploymentQuerySet:
        if self.status:
            rows = rows.filter(status__in=STATUSES[self.status][1])
        if self.trigger:
            rows = rows.filter(trigger=self.trigger)
        return rows.filter(branch=self.branch) if self.branch else rows

    @property
    def query(self) -> str:
        """For the address of the next page: `status=failed&branch=main`, or ""."""
        return urlencode({name: value for name, value in vars(self).items() if value})
