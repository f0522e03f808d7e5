"""The states of a deployment and the legal moves between them."""

from __future__ import annotations

from enum import StrEnum


class Status(StrEnum):
    PENDING = "pending"
    BUILDING = "building"
    DEPLOYING = "deploying"
    LIVE = "live"
    FAILED = "failed"
    CANCELLED = "cancelled"
    SUPERSEDED = "superseded"


ACTIVE = (Status.BUILDING, Status.DEPLOYING)
UNFINISHED = (Status.PENDING, *ACTIVE)
FINISHED = (Status.FAILED, Status.CANCELLED, Status.SUPERSEDED)

MOVES: dict[Status, frozenset[Status]] = {
    Status.PENDING: frozenset({Status.BUILDING, Status.DEPLOYING, Status.FAILED, Status.CANCELLED, Status.SUPERSEDED}),
    # Back to pending: its worker died or was stopped, and another will take it; superseded if a newer one waits then.
    Status.BUILDING: frozenset({Status.PENDING, Status.DEPLOYING, Status.FAILED, Status.CANCELLED, Status.SUPERSEDED}),
    Status.DEPLOYING: frozenset({Status.LIVE, Status.FAILED, Status.CANCELLED}),
    # Failed after it was live: it broke within the observation window.
    Status.LIVE: frozenset({Status.SUPERSEDED, Status.FAILED}),
    Status.FAILED: frozenset(),
    Status.CANCELLED: frozenset(),
    Status.SUPERSEDED: frozenset(),
}

# Of the image, before its release. Only those that are asked for (`apps.deployments.image_steps`).
IMAGE_STEPS = ("sbom", "scan", "push", "sign")
STEPS = ("fetch", "analyze", "build", "pull", *IMAGE_STEPS, "release", "start", "health", "switch", "drain")


class StepStatus(StrEnum):
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    SKIPPED = "skipped"
    STOPPED = "stopped"  # Cancelled, or its worker was lost.
