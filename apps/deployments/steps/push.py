"""Push: the image goes to the installation's registry, and its release names it there by digest."""

from __future__ import annotations

from django.conf import settings

from apps.deployments.models import Build, DeploymentStep
from apps.deployments.states import StepStatus
from apps.deployments.steps.attempt import Attempt
from workers.build.push import is_there, push_image
from workers.docker import Engine


class Push:
    name = "push"

    def __init__(self, attempt: Attempt) -> None:
        self.attempt = attempt

    def run(self, row: DeploymentStep) -> None:
        """The repository is named by the service's id: names that people give may change, and be given twice."""
        attempt, told = self.attempt, settings.SLIPWAY
        build = attempt.build
        assert build is not None
        repository, login = f"{told.push_registry}/{attempt.service.key}", told.push_login
        engine = Engine(told.instance)
        if build.reference.startswith(f"{repository}@") and is_there(build.reference, login, engine):
            row.status, row.detail = StepStatus.SKIPPED, "the registry has it already"
            return
        if login:
            attempt.report.hide(login.password)
        build.reference = push_image(build.digest, repository, build.key, login, engine, attempt.report)
        Build.objects.filter(pk=build.pk).update(reference=build.reference)
        row.detail = build.reference

    def undo(self) -> None:
        """What was pushed stays: the next attempt finds it."""
