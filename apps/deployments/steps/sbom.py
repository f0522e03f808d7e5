"""Sbom: what is in the image, as a document that is kept as long as the image. Optional; never ends a deployment."""

from __future__ import annotations

from django.conf import settings

from apps.deployments import inspections
from apps.deployments.models import DeploymentStep
from apps.deployments.states import StepStatus
from apps.deployments.steps.attempt import Attempt
from apps.deployments.steps.tools import skip
from workers.build.supply.sbom import TOOL, list_packages
from workers.build.supply.tool import find
from workers.errors import PlatformError


class Sbom:
    name = "sbom"

    def __init__(self, attempt: Attempt) -> None:
        self.attempt = attempt

    def run(self, row: DeploymentStep) -> None:
        attempt = self.attempt
        assert attempt.build is not None
        if before := inspections.listed(attempt.build.digest).defer("document").first():
            inspections.keep(attempt.deployment, attempt.build, sbom=before.sbom)
            row.status, row.detail = StepStatus.SKIPPED, "the image was listed before"
            return
        program = find(TOOL, settings.SLIPWAY.syft)
        if program is None:
            skip(row, f"{settings.SLIPWAY.syft or TOOL} is not on this machine", attempt.report)
            return
        cache, folder = attempt.machine_cache / TOOL, attempt.workspace.scratch / self.name
        try:
            found = list_packages(program, attempt.build.digest, cache, folder, attempt.report)
        except PlatformError as error:
            skip(row, error.message, attempt.report)
            return
        told = {"tool": found.tool, "packages": found.packages}
        document = inspections.packed(found.document)
        inspections.keep(attempt.deployment, attempt.build, sbom=told, document=document)
        row.detail = f"{found.packages} packages, by {found.tool}"

    def undo(self) -> None:
        """Its folder is in the scratch folder of the attempt."""
