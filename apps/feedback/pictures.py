"""What GitHub should show of one deployment: its state, its words, its addresses. Pure; a state in, request bodies out.

Not in charge of reading the state (`truth`) or of sending (`telling`).

Bodies: https://docs.github.com/en/rest/deployments/deployments, .../deployments/statuses and .../commits/statuses
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

from apps.deployments.states import Status

MOST_LETTERS = 140  # Of a description, at GitHub.
PENDING = "pending"  # Of a commit status: it will be another later.


@dataclass(frozen=True)
class Facts:
    """How a deployment stands. `status` None: it was deleted here, with its service or its environment."""

    status: Status | None
    was_live: bool = False
    error: str = ""
    is_ours: bool = False  # What failed is Slipway's part, not the repository's.
    is_commit_live: bool = False  # By another deployment.
    seconds: float | None = None
    url: str = ""
    page: str = ""


@dataclass(frozen=True)
class Identity:
    """What a deployment at GitHub is made with, and is found again by."""

    key: UUID
    instance: str
    name: str  # `shop/web #12`
    commit: str
    environment: str
    is_preview: bool
    is_production: bool


@dataclass(frozen=True)
class DeploymentStatus:
    """Body of `POST .../deployments/{id}/statuses`."""

    state: str
    description: str
    environment_url: str = ""
    log_url: str = ""
    # We say ourselves what was replaced, of production and previews too, which GitHub's own rule leaves out; and one
    # service must not end the deployment of another in the same environment.
    auto_inactive: bool = False


@dataclass(frozen=True)
class CommitStatus:
    """Body of `POST .../statuses/{sha}`."""

    state: str
    description: str
    context: str
    target_url: str = ""


@dataclass(frozen=True)
class Picture:
    deployment: DeploymentStatus
    status: CommitStatus

    @property
    def is_nothing(self) -> bool:
        """It came to nothing: there is nothing to show of it to somebody who was not told that it began."""
        return self.deployment.state == "inactive" and self.status.state == "error"


def picture_of(facts: Facts, context: str) -> Picture:
    state, words, on_commit = _said(facts)
    url = facts.url if state == "success" else ""
    shown = DeploymentStatus(state, short(words), environment_url=url, log_url=facts.page)
    if facts.is_commit_live and state == "inactive":
        on_commit, words = "success", "Live by another deployment of this commit."
    return Picture(shown, CommitStatus(on_commit, short(words), context, target_url=facts.page))


def _said(facts: Facts) -> tuple[str, str, str]:
    """The deployment's state, a sentence, and the commit status's state."""
    took = f" after {facts.seconds:.0f} s" if facts.seconds is not None else ""
    match facts.status:
        case Status.PENDING:
            return "queued", "Waits to be deployed.", PENDING
        case Status.BUILDING | Status.DEPLOYING:
            return "in_progress", "Being deployed.", PENDING
        case Status.LIVE:
            return "success", f"Live{took}.", "success"
        case Status.FAILED:
            return _failed(facts)
        case Status.CANCELLED:
            return "inactive", "Cancelled.", "error"
        case Status.SUPERSEDED if facts.was_live:
            return "inactive", "Replaced by a newer deployment.", "success"
        case Status.SUPERSEDED:
            return "inactive", "Skipped: a newer deployment took its place.", "error"
        case _:
            return "inactive", "Removed.", "error"


def _failed(facts: Facts) -> tuple[str, str, str]:
    state = "error" if facts.is_ours else "failure"
    reason = facts.error or "It failed without a reason."
    return state, f"Taken back: {reason}" if facts.was_live else reason, state


def creation(identity: Identity) -> dict[str, Any]:
    """Body of `POST .../deployments`. Whatever the branch rules say: it is being deployed, and GitHub only shows it."""
    return {
        "ref": identity.commit,
        "task": "deploy",
        "auto_merge": False,
        "required_contexts": [],
        "environment": identity.environment,
        "description": short(identity.name),
        "transient_environment": identity.is_preview,
        "production_environment": identity.is_production,
        "payload": {"slipway": {"instance": identity.instance, "deployment": str(identity.key)}},
    }


def is_marked(payload: Any, key: UUID, instance: str) -> bool:
    """Whether a deployment of GitHub's list is the one we made. It gives the payload as an object or as its text."""
    if isinstance(payload, str):
        try:
            payload = json.loads(payload)
        except ValueError:
            return False
    told = payload.get("slipway") if isinstance(payload, dict) else None
    return isinstance(told, dict) and told == {"instance": instance, "deployment": str(key)}


def body_of(status: DeploymentStatus | CommitStatus) -> dict[str, Any]:
    """Without what is empty: GitHub wants whole addresses or none."""
    return {name: value for name, value in asdict(status).items() if value != ""}


def short(text: str, most: int = MOST_LETTERS) -> str:
    """On one line, cut between words."""
    line = " ".join(text.split())
    if len(line) <= most:
        return line
    cut = line[: most - 1]
    head, space, _ = cut.rpartition(" ")
    return f"{head.rstrip(',;:') if space and len(head) > most // 2 else cut}…"
