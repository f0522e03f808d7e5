"""Sign: the pushed image, with the installation's key. What is in no registry has nowhere to keep a signature."""

from __future__ import annotations

from django.conf import settings
from django.utils import timezone

from apps.deployments import inspections
from apps.deployments.models import DeploymentStep
from apps.deployments.states import StepStatus
from apps.deployments.steps.attempt import Attempt
from apps.deployments.steps.tools import skip
from workers.build.supply.sign import TOOL, sign
from workers.build.supply.tool import find


class Sign:
    name = "sign"

    def __init__(self, attempt: Attempt) -> None:
        self.attempt = attempt

    def run(self, row: DeploymentStep) -> None:
        """Asked for by a key. A signature that fails ends the deployment: somebody counts on it."""
        attempt, told = self.attempt, settings.SLIPWAY
        build = attempt.build
        assert build is not None
        program = find(TOOL, told.cosign)
        if not build.reference:
            skip(row, "the image is in no registry, where its signature would be", attempt.report)
            return
        if program is None:
            skip(row, f"{told.cosign or TOOL} is not on this machine", attempt.report)
            return
        if before := inspections.signed(build, told.sign_key):
            inspections.keep(attempt.deployment, build, signature=before.signature)
            row.status, row.detail = StepStatus.SKIPPED, "it was signed before"
            return
        passphrase, folder = told.sign_key_password.get_secret_value(), attempt.workspace.scratch / self.name
        attempt.report.hide(passphrase)
        sign(program, told.sign_key, passphrase, build.reference, told.push_login, folder, attempt.report)
        signature = {"reference": build.reference, "key": told.sign_key, "at": timezone.now().isoformat()}
        inspections.keep(attempt.deployment, build, signature=signature)
        row.detail = build.reference

    def undo(self) -> None:
        """Its folder, with the login, is in the scratch folder of the attempt."""
