"""Pull: a service that comes from an image has nothing to fetch and to build. Pinned here, and used again when unchanged."""

from __future__ import annotations

import hashlib
import re
import shutil
import time

from django.conf import settings

from apps.deployments.models import Build, Deployment, DeploymentStep
from apps.deployments.states import StepStatus
from apps.deployments.steps.attempt import Attempt
from apps.deployments.steps.build import settings_told
from apps.deployments.steps.room import require_room
from apps.projects.registries import login_for
from workers.build.images import has_image
from workers.build.pull import check_registry, pull_image, resolve
from workers.docker import Engine
from workers.errors import UserError
from workers.image_reference import ImageReference, Login, parse_image


class Pull:
    name = "pull"

    def __init__(self, attempt: Attempt) -> None:
        self.attempt = attempt

    def run(self, row: DeploymentStep) -> None:
        """The digest stands where a commit stands for others: the attempt after this one pulls the same."""
        attempt = self.attempt
        reference = parse_image(attempt.service.image)
        login = login_for(attempt.service.project.team_id, reference.host)
        if login:
            attempt.report.hide(login.password)
        engine = Engine(settings.SLIPWAY.instance)
        check_registry(reference, allow_private=settings.SLIPWAY.allow_private_sources)
        digest = self._wanted(reference) or resolve(reference, login, engine)
        commit = digest.removeprefix("sha256:")
        Deployment.objects.filter(pk=attempt.deployment.pk, fence=attempt.deployment.fence).update(commit=commit)
        attempt.deployment.commit = commit
        row.detail = f"{reference.named} is {digest[:19]}"
        fingerprint = hashlib.sha256(reference.repository.encode()).hexdigest()
        attempt.build = self._reusable(commit, fingerprint)
        if attempt.build is not None:
            attempt.report.line(f"{reference.named} is still {digest[:19]}, which is here")
            row.status = StepStatus.SKIPPED
            return
        attempt.build = self._pulled(reference, digest, login, engine, fingerprint)

    def _wanted(self, reference: ImageReference) -> str:
        """The digest that was asked for by name of a commit; "" when none was."""
        commit = self.attempt.deployment.commit
        if commit and not re.fullmatch(r"[0-9a-f]{64}", commit):
            raise UserError(
                "image:user:digest", f"{commit[:12]} is no digest of {reference.repository}.",
                hint="Give all 64 digits behind sha256:, or none.", status=422,
            )  # fmt: skip
        return f"sha256:{commit}" if commit else ""

    def _reusable(self, commit: str, fingerprint: str) -> Build | None:
        attempt = self.attempt
        if attempt.deployment.no_cache:
            return None
        rows = Build.objects.filter(service=attempt.service, commit=commit, fingerprint=fingerprint)
        found = rows.order_by("-created_at").first()
        return found if found is not None and has_image(found.digest) else None

    def _pulled(
        self, reference: ImageReference, digest: str, login: Login | None, engine: Engine, fingerprint: str
    ) -> Build:
        attempt, began = self.attempt, time.monotonic()
        require_room(attempt)
        plan, image = pull_image(
            reference, digest, login, engine, attempt.workspace, attempt.report, attempt.machine_cache
        )
        for reason in plan.reasons[1:]:
            attempt.report.line(reason)
        return Build.objects.create(
            service=attempt.service,
            commit=digest.removeprefix("sha256:"),
            message=reference.named[:300],
            fingerprint=fingerprint,
            plan=plan.as_dict(),
            settings=settings_told(attempt.service),
            digest=image.digest,
            size_bytes=image.size_bytes,
            seconds=time.monotonic() - began,
        )

    def undo(self) -> None:
        shutil.rmtree(self.attempt.workspace.scratch, ignore_errors=True)
