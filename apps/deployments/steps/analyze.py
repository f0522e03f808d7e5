"""Analyze: what the source is and how it is built and started, with the reasons said in the log."""

from __future__ import annotations

from apps.deployments.models import Deployment, DeploymentStep
from apps.deployments.states import StepStatus
from apps.deployments.steps.attempt import Attempt
from workers.build.analyze import analyze
from workers.build.files import FolderFiles
from workers.build.images import has_image


class Analyze:
    name = "analyze"

    def __init__(self, attempt: Attempt) -> None:
        self.attempt = attempt

    def run(self, row: DeploymentStep) -> None:
        attempt = self.attempt
        assert attempt.checkout is not None
        if attempt.build is not None and has_image(attempt.build.digest):
            row.status = StepStatus.SKIPPED
            row.detail = "built before with the same settings"
            return
        attempt.build = None
        attempt.plan = analyze(FolderFiles(attempt.checkout.folder, attempt.checkout.top), attempt.settings)
        mine = Deployment.objects.filter(pk=attempt.deployment.pk, fence=attempt.deployment.fence)
        mine.update(plan=attempt.plan.as_dict())
        for reason in attempt.plan.reasons:
            attempt.report.line(reason)
        row.detail = " ".join(w for w in (attempt.plan.language, attempt.plan.version, attempt.plan.framework) if w)

    def undo(self) -> None:
        """It leaves nothing behind."""
