"""Fetch: the commit of the source, on disk. Leaves the cache for the next time and a scratch folder that is undone."""

from __future__ import annotations

import shutil
from dataclasses import replace

from django.conf import settings

from apps.deployments.models import Build, Deployment, DeploymentStep
from apps.deployments.steps.attempt import Attempt
from apps.deployments.steps.follow import follow_file
from apps.github.fetching import MAY_BE_MENDED, Way, connection_of, unreadable, way_again, way_to
from apps.github.models import Connection
from apps.projects.source_keys import pin_host_key
from workers.build.fetch import fetch
from workers.build.job import Checkout, Source
from workers.errors import UserError


class Fetch:
    name = "fetch"

    def __init__(self, attempt: Attempt) -> None:
        self.attempt = attempt

    def run(self, row: DeploymentStep) -> None:
        attempt = self.attempt
        connection = connection_of(attempt.service)
        checkout = self._from_github(connection) if connection else self._fetch(attempt.source)
        attempt.checkout = follow_file(attempt, checkout)
        commit = checkout.commit
        told = {"commit": commit, "message": checkout.message[:300], "author": checkout.author[:200]}
        Deployment.objects.filter(pk=attempt.deployment.pk, fence=attempt.deployment.fence).update(**told)
        attempt.deployment.commit = commit
        row.detail = f"{commit[:7]} {checkout.message}"[:200]
        attempt.build = self._reusable(commit)

    def _fetch(self, source: Source) -> Checkout:
        attempt = self.attempt
        found = fetch(
            source,
            attempt.workspace,
            attempt.report,
            allowed_files=settings.SLIPWAY.home / "samples",
            allow_private=settings.SLIPWAY.allow_private_sources,
        )
        pin_host_key(attempt.service, found.host_key)
        return found

    def _from_github(self, connection: Connection) -> Checkout:
        """With a token of the App. One that ended meanwhile, or a new name, is found out and it is fetched once more."""
        try:
            return self._by(way_to(connection))
        except UserError as error:
            if error.code not in MAY_BE_MENDED:
                raise
            way = way_again(connection, error)
        self.attempt.report.line(f"GitHub is asked once more for {connection.repository.full_name}, with a new token")
        try:
            return self._by(way)
        except UserError as error:
            raise unreadable(connection, error) from error

    def _by(self, way: Way) -> Checkout:
        self.attempt.report.hide(way.token)
        return self._fetch(replace(self.attempt.source, url=way.url, token=way.token, key=None))

    def _reusable(self, commit: str) -> Build | None:
        """A build of the same commit with the same settings, unless a person asked for a new one."""
        if self.attempt.deployment.no_cache:
            return None
        builds = Build.objects.filter(service=self.attempt.service, commit=commit)
        return builds.filter(fingerprint=self.attempt.fingerprint).order_by("-created_at").first()

    def undo(self) -> None:
        shutil.rmtree(self.attempt.workspace.scratch, ignore_errors=True)
