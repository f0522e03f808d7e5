"""The standard labels of the OCI image specification on what is built. Pure but for `base_digest`.

https://github.com/opencontainers/image-spec/blob/main/annotations.md
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

from workers.build.images import inspected
from workers.build.job import Checkout, Workspace
from workers.git_remote import without_credentials

PREFIX = "org.opencontainers.image."
FROM = re.compile(r"^[ \t]*FROM[ \t]+(?:--\S+[ \t]+)*(\S+)(?:[ \t]+AS[ \t]+(\S+))?", re.IGNORECASE | re.MULTILINE)


def labels_for(checkout: Checkout, workspace: Workspace, base: str = "", digest: str = "") -> dict[str, str]:
    """Ours, and the standard ones; `base` is what the image stands on, `digest` its own."""
    told = {
        "revision": checkout.commit,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "title": workspace.title,
        "description": checkout.message[:100],
        "source": without_credentials(workspace.source) if "file:" not in workspace.source else "",
        "base.name": base,
        "base.digest": digest,
    }
    return {**workspace.labels, **{PREFIX + name: value for name, value in told.items() if value}}


def base_of(dockerfile: str) -> str:
    """What the last stage of a Dockerfile stands on, through stages before it; "" for nothing, or a variable's value."""
    stages: dict[str, str] = {}
    base = ""
    for name, stage in FROM.findall(dockerfile):
        base = stages.get(name.lower(), name)
        stages[stage.lower()] = base
    return "" if base == "scratch" or "$" in base else base


def base_digest(base: str) -> str:
    """Under which a registry gave it; "" for one that was made here, or that the build has yet to fetch."""
    if not base or "@" in base:
        return base.rpartition("@")[2]
    found = inspected(base).get(base, {}).get("RepoDigests")
    return str(found[0]).rpartition("@")[2] if found else ""
