"""Fetch: the commit of the source, on disk. Leaves the cache for the next time and a scratch folder that is undone."""

from __future__ import annotations

import shutil

from django.conf import settings

from apps.deployments.models import Build, Deployment, DeploymentStep
from apps.deployments.steps.attempt import Attempt
from workers.build.fetch import fetch


class Fetch:
    name = "fetch"

    def __init__(self, attempt: Attempt) -> None:
        self.attempt = attempt

    def run(self, row: DeploymentStep) -> None:
        attempt = self.attempt
        attempt.checkout = fetch(
            attempt.source,
            attempt.workspace,
            attempt.report,
            allowed_files=settings.SLIPWAY.home / "samples",
            allow_private=settings.SLIPWAY.allow_private_sources,
        )
        commit = attempt.checkout.commit
        Deployment.objects.filter(pk=attempt.deployment.pk, fence=attempt.deployment.fence).update(commit=commit)
        attempt.deployment.commit = commit
        row.detail = f"{commit[:7]} {attempt.checkout.message}"[:200]
        attempt.build = self._reusable(commit)

    def _reusable(self, commit: str) -> Build | None:
        """A build of the same commit with the same settings, unless a person asked for a new one."""
        if self.attempt.deployment.no_cache:
            return None
        builds = Build.objects.filter(service=self.attempt.service, commit=commit)
        return builds.filter(fingerprint=self.attempt.fingerprint).order_by("-created_at").first()

    def undo(self) -> None:
        shutil.rmtree(self.attempt.workspace.scratch, ignore_errors=True)
