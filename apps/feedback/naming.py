"""How a service, its environment and its commit status are called at GitHub. Pure.

Environments. A repository with one service has `production` and, for all its pull requests together, `preview`; of several
each has `production (shop/web)`, `preview (shop/web)` and so on. One that comes later leaves the names of those before as
they are. One environment for each pull request would be more exact, but GitHub lists an environment for ever, and only
somebody who administers the repository can take it away: after a year its page would be a list of hundreds. The pull
request itself shows its deployment by the commit.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass

PRODUCTION, PREVIEW = "production", "preview"


@dataclass(frozen=True)
class Called:
    """A service by the slugs of its team, project and itself."""

    team: str
    project: str
    service: str


def label_of(service: Called, unnamed: Collection[Called], taken: Collection[str] = ()) -> str:
    """`shop/web`, with the team before it where another has that name, or is to get one and would have the same."""
    short = f"{service.project}/{service.service}"
    names = Counter(f"{other.project}/{other.service}" for other in unnamed)
    return f"{service.team}/{short}" if names[short] > 1 or short in taken else short


def environment_of(slug: str, *, is_preview: bool, label: str, is_plain: bool) -> str:
    name = PREVIEW if is_preview else slug
    return name if is_plain else f"{name} ({label})"


def context_of(slug: str, *, is_preview: bool, label: str) -> str:
    """`slipway/shop/web`, the same for production and previews, so that a branch rule can ask for it by one name."""
    context = f"slipway/{label}"
    return context if is_preview or slug == PRODUCTION else f"{context}/{slug}"
