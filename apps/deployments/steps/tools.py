"""What the steps that ask a tool on this machine share."""

from __future__ import annotations

from apps.deployments.models import DeploymentStep
from apps.deployments.report import DatabaseReport
from apps.deployments.states import StepStatus


def skip(row: DeploymentStep, why: str, report: DatabaseReport) -> None:
    """It was asked for and is not done: the page and the log say why, and the deployment goes on."""
    row.status = StepStatus.SKIPPED
    row.detail = f"skipped: {why}"
    report.line(row.detail, level="err")
