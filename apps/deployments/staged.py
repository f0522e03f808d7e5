"""What the next release of a service would get and the live one has not: variables and settings. Read only.

Domains, the drain and the observation window take effect at once and are never staged; a new commit is no change of ours.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from uuid import UUID

from django.db.models import QuerySet

from apps.deployments.as_served import as_it_serves
from apps.deployments.durations import usual_seconds
from apps.deployments.models import Deployment
from apps.deployments.settings_told import described
from apps.deployments.staged_changes import Change, changed_settings, changed_variables
from apps.deployments.states import UNFINISHED, Status
from apps.deployments.steps.release import spec_of
from apps.lib.asked_often import asked_often
from apps.projects.given import Gift
from apps.projects.models import Environment, Service
from workers.errors import UserError

# Every page of a service asks.
READ = (
    "service_id", "number", "status", "trigger", "rollback_of_id", "commit", "branch", "message", "created_at", "live_at",
    *(f"release__{name}" for name in ("number", "spec", "variables", "variable_sources", "secret_names")),
    *(f"build__{name}" for name in ("service_id", "plan", "settings", "digest", "reference")),
)  # fmt: skip


@dataclass
class Staged:
    """`coming` is a deployment that will carry these changes, or None. `is_at_work`: any waits or is under way."""

    changes: list[Change] = field(default_factory=list)
    problems: list[UserError] = field(default_factory=list)
    live: Deployment | None = None
    coming: Deployment | None = None
    seconds: float | None = None
    is_at_work: bool = False

    @property
    def needs_build(self) -> bool:
        return any(change.needs_build for change in self.changes)

    @property
    def names(self) -> set[str]:
        """Of the variables that are not live as they stand."""
        return {change.name for change in self.changes if change.is_variable}

    @property
    def can_discard(self) -> bool:
        return any(change.can_discard for change in self.changes)

    @property
    def count(self) -> int:
        return len(self.changes)


def staged_of(service: Service, environment: Environment, *, may_read: bool) -> Staged:
    """Nothing while nothing is live: then everything is new. `may_read` False leaves values of variables out."""
    found = _found(service.pk, environment.pk)
    live = next((row for row in found if row.status == Status.LIVE), None)
    is_at_work = any(row.status != Status.LIVE for row in found)
    if live is None or live.release is None or live.build is None:
        return Staged(is_at_work=is_at_work)
    coming = next((row for row in reversed(found) if row.status != Status.LIVE and not row.is_rollback), None)
    service, gift = as_it_serves(service, environment, live.release)
    spec = described(spec_of(service, environment, live.build))
    staged = Staged(live=live, problems=list(gift.problems.values()), is_at_work=is_at_work)
    staged.changes = [
        *changed_variables(gift, live.release, live.build),
        *changed_settings(service, environment, live, spec),
    ]
    if staged.changes and coming is not None and _carries(coming, gift, spec):
        staged.coming = coming
    if staged.changes:
        staged.seconds = usual_seconds(service, environment, with_build=staged.needs_build)
    if not may_read:
        staged.changes = [replace(c, old=None, new=None) if c.is_variable else c for c in staged.changes]
    return staged


@asked_often
def _found(service: UUID, environment: UUID) -> QuerySet[Deployment]:
    mine = Deployment.objects.filter(service=service, environment=environment, status__in=(*UNFINISHED, Status.LIVE))
    return mine.select_related("release", "build").only(*READ).order_by("number")


def _carries(coming: Deployment, gift: Gift, spec: dict[str, str]) -> bool:
    """One whose release is not frozen yet takes the values of that moment."""
    release = coming.release
    return release is None or (release.variables == gift.values and described(release.spec) == spec)
