"""What the next release of a service would get and the live one has not: variables and settings. Read only.

Domains, the drain and the observation window take effect at once and are never staged; a new commit is no change of ours.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from uuid import UUID

from django.db.models import QuerySet

from apps.deployments.as_served import as_it_serves
from apps.deployments.durations import usual_seconds
from apps.deployments.models import Build, Deployment, Release
from apps.deployments.settings_told import described, rebuilt
from apps.deployments.states import UNFINISHED, Status
from apps.deployments.steps.release import spec_of
from apps.lib.asked_often import asked_often
from apps.projects.given import Gift, Source
from apps.projects.models import Environment, Service
from workers.errors import UserError

# Names that front-end builds write into what they make: the running container is not asked for them.
BUILT_IN_PREFIXES = (
    "NEXT_PUBLIC_", "VITE_", "REACT_APP_", "NUXT_PUBLIC_", "PUBLIC_", "GATSBY_", "EXPO_PUBLIC_", "VUE_APP_",
)  # fmt: skip

# Every page of a service asks.
READ = (
    "service_id", "number", "status", "trigger", "rollback_of_id", "commit", "branch", "message", "created_at", "live_at",
    *(f"release__{name}" for name in ("number", "spec", "variables", "variable_sources", "secret_names")),
    *(f"build__{name}" for name in ("service_id", "plan", "settings", "digest", "reference")),
)  # fmt: skip


@dataclass(frozen=True)
class Change:
    """`kind` is new, changed or removed. `old` and `new` are None where they may not be read."""

    name: str
    kind: str
    old: str | None = field(default=None, repr=False)
    new: str | None = field(default=None, repr=False)
    scope: str = ""  # of a variable; "" for a setting
    is_secret: bool = False
    needs_build: bool = False
    can_discard: bool = False

    @property
    def is_variable(self) -> bool:
        return bool(self.scope)


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
    staged.changes = [*_variables(gift, live.release, live.build), *_settings(service, environment, live, spec)]
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


def _variables(gift: Gift, live: Release, build: Build) -> list[Change]:
    changes = []
    for name in sorted({*gift.values, *gift.problems, *live.variables}):
        if name in gift.problems:
            continue  # It is told as what refuses the next release.
        old, new = live.variables.get(name), gift.values.get(name)
        if old != new:
            changes.append(_variable(name, old, new, gift, live, build))
    return changes


def _variable(name: str, old: str | None, new: str | None, gift: Gift, live: Release, build: Build) -> Change:
    is_secret = name in gift.secrets or name in live.secret_names
    before = source_of(live, name)
    return Change(
        name=name,
        kind="new" if old is None else "removed" if new is None else "changed",
        old=None if is_secret else old,
        new=None if is_secret else new,
        scope=gift.sources[name].scope if name in gift.sources else before.scope,
        is_secret=is_secret,
        needs_build=name.startswith(BUILT_IN_PREFIXES) or bool(build.plan.get("static_dir")),
        can_discard=_can_discard(name, gift, live),
    )


def _can_discard(name: str, gift: Gift, live: Release) -> bool:
    """Only what belongs to this service alone, and was no reference: of that the release knows but the result."""
    now = gift.sources.get(name)
    before = source_of(live, name) if name in live.variables else None
    if now is not None and (not now.scope.startswith("service") or now.scope.endswith("all previews")):
        return False
    if before is None:
        return True
    is_same_scope = now is None or before.scope == now.scope
    return is_same_scope and before.scope.startswith("service") and not before.refers_to


def _settings(service: Service, environment: Environment, live: Deployment, spec: dict[str, str]) -> list[Change]:
    assert live.release is not None and live.build is not None
    changes = [
        Change(name, "changed", old, new, needs_build=True)
        for name, old, new in rebuilt(service, environment, live, live.build)
    ]
    told = {change.name for change in changes}
    before = described(live.release.spec)
    for name in [*spec, *(n for n in before if n not in spec)]:
        old, new = before.get(name), spec.get(name)
        if old != new and name not in told:
            changes.append(Change(name, "new" if old is None else "removed" if new is None else "changed", old, new))
    return changes


def source_of(release: Release, name: str) -> Source:
    """Where a release's variable came from; older releases tell the scope alone."""
    told = release.variable_sources.get(name, "service")
    return Source(told["scope"], tuple(told["refers_to"])) if isinstance(told, dict) else Source(told)
