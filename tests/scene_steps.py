"""Steps of deployments as long ago, and as long, as pictures want them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from apps.deployments.models import Deployment, DeploymentStep
from apps.deployments.states import IMAGE_STEPS, StepStatus

SUPPLY = {
    "fetch": 1.2, "analyze": 0.2, "build": 24.8, "sbom": 3.1, "scan": 5.4, "push": 7.9, "sign": 0.8,
    "release": 0.4, "start": 1.1, "health": 1.9, "switch": 0.3, "drain": 0.5,
}  # fmt: skip
BUILT = {name: took for name, took in SUPPLY.items() if name not in IMAGE_STEPS}


def pass_steps(row: Deployment, at: datetime, seconds: Mapping[str, float]) -> datetime:
    """One after the other, all of them well; when the last one ended."""
    row.steps.all().delete()
    for name, took in seconds.items():
        began, at = at, at + timedelta(seconds=took)
        DeploymentStep.objects.create(
            deployment=row, name=name, status=StepStatus.SUCCEEDED, started_at=began, finished_at=at
        )
    return at
