"""The kinds of git servers that may tell us something: one file each, and its line here. Nothing else names them."""

from __future__ import annotations

from apps.webhooks.forges import gitea, github, gitlab
from apps.webhooks.forges.base import Forge

FORGES: dict[str, Forge] = {
    forge.name: forge
    for forge in (
        github.FORGE,
        gitea.FORGE,
        gitlab.FORGE,
    )
}


def choices() -> list[tuple[str, str]]:
    """For fields and forms. A function, so that another server needs no migration."""
    return [(forge.name, forge.label) for forge in FORGES.values()]
