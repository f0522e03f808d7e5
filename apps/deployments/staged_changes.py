"""What differs between a live release and what the next one would get, change by change.

Not in charge of which release that is, nor of who carries it (`staged`).
"""

from __future__ import annotations

from dataclasses import dataclass, field

from apps.deployments.models import Build, Deployment, Release
from apps.deployments.settings_told import described, rebuilt
from apps.projects.given import Gift, Source
from apps.projects.models import Environment, Service

# Names that front-end builds write into what they make: the running container is not asked for them.
BUILT_IN_PREFIXES = (
    "NEXT_PUBLIC_", "VITE_", "REACT_APP_", "NUXT_PUBLIC_", "PUBLIC_", "GATSBY_", "EXPO_PUBLIC_", "VUE_APP_",
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


def changed_variables(gift: Gift, live: Release, build: Build) -> list[Change]:
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


def changed_settings(
    service: Service, environment: Environment, live: Deployment, spec: dict[str, str]
) -> list[Change]:
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
    """Where a release's variable came from."""
    return Source.of(release.variable_sources.get(name, "service"))
