"""Build: the plan and the checkout become an image, or the image of an equal build is used again."""

from __future__ import annotations

import time

from django.conf import settings

from apps.deployments.builders import maker_of
from apps.deployments.models import Build as BuildRow
from apps.deployments.models import Deployment, DeploymentStep
from apps.deployments.states import StepStatus
from apps.deployments.steps.attempt import Attempt
from apps.deployments.steps.room import require_room
from apps.projects.models import Service
from workers.build.finish import with_start
from workers.build.secrets import Share
from workers.git_remote import without_credentials

SETTINGS = (
    "image", "builder", "builder_image", "root_directory", "dockerfile", "language_version", "packages", "install_command",
    "build_command", "static_dir", "start_command", "release_command",
)  # fmt: skip


def settings_told(service: Service) -> dict[str, str]:
    """What a service says of how it is built: a change of it needs another build. Without credentials."""
    told = {name: getattr(service, name) for name in SETTINGS}
    return {"source_url": without_credentials(service.source_url), **told}


class Build:
    name = "build"

    def __init__(self, attempt: Attempt) -> None:
        self.attempt = attempt

    def run(self, row: DeploymentStep) -> None:
        attempt = self.attempt
        if attempt.build is not None:
            attempt.report.line(
                f"image {attempt.build.digest[:19]} was built from this commit before and is used again"
            )
            row.status = StepStatus.SKIPPED
            row.detail = "the image of an earlier build is used again"
            return
        attempt.build = self._build()
        row.detail = f"{attempt.build.digest[:19]}, {attempt.build.size_bytes / 1e6:.0f} MB"

    def _build(self) -> BuildRow:
        attempt = self.attempt
        plan = attempt.plan
        assert attempt.checkout is not None and plan is not None
        require_room(attempt)
        began = time.monotonic()
        told = settings.SLIPWAY
        is_generated = plan.language != "dockerfile"
        share = Share(told.share_ca, told.share_package_index, is_generated or told.share_index_credentials)
        image = maker_of(plan)(
            attempt.checkout,
            plan,
            attempt.settings,
            attempt.workspace,
            attempt.report,
            share=share,
            machine_cache=attempt.machine_cache,
        )
        if image.start:
            plan = with_start(plan, image.start)
            mine = Deployment.objects.filter(pk=attempt.deployment.pk, fence=attempt.deployment.fence)
            mine.update(plan=plan.as_dict())
        return BuildRow.objects.create(
            service=attempt.service,
            commit=attempt.checkout.commit,
            message=attempt.checkout.message[:300],
            author=attempt.checkout.author[:200],
            fingerprint=attempt.fingerprint,
            plan=plan.as_dict(),
            settings=settings_told(attempt.service),
            digest=image.digest,
            size_bytes=image.size_bytes,
            seconds=time.monotonic() - began,
        )

    def undo(self) -> None:
        """An image without a row is removed by the cleaning."""
