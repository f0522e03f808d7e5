"""Where each value of a release came from, as a person may see it. Read only."""

from __future__ import annotations

from dataclasses import dataclass, field

from apps.deployments.models import Release
from apps.deployments.staged_changes import source_of
from apps.projects.given import Source


@dataclass(frozen=True)
class Given:
    """One variable of a release. `value` is None for a secret, and for those who may not read values."""

    name: str
    source: Source
    is_secret: bool
    value: str | None = field(default=None, repr=False)


def given_to(release: Release | None, *, may_read: bool) -> list[Given]:
    """By name. Without `may_read` no value is decrypted when the release came without them."""
    if release is None:
        return []
    names = sorted(release.variable_sources)
    values = release.variables if may_read else {}
    secrets = set(release.secret_names)
    return [Given(n, source_of(release, n), n in secrets, None if n in secrets else values.get(n)) for n in names]
