"""Deploy the bundled sample once, wait until it is live and answers, print its address. Nothing is deployed twice."""

from __future__ import annotations

import time
import urllib.request
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.accounts.access import Actor
from apps.accounts.actions import make_placeholder_owner, owner
from apps.accounts.models import Team
from apps.accounts.policy import Role
from apps.deployments.first_run import SAMPLE, sample_url
from apps.deployments.models import Deployment
from apps.deployments.sample import deploy_sample
from apps.deployments.states import Status
from apps.projects.models import Domain, Service

ANSWER_SECONDS = 15.0


class Command(BaseCommand):
    help = __doc__ or ""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--timeout", type=float, default=300.0, help="seconds to wait")

    def handle(self, *args: Any, **options: Any) -> None:
        marker = settings.SLIPWAY.home / "samples" / "deployed"
        if not marker.exists():
            self._deploy()
            marker.touch()
        service = Service.objects.filter(slug=SAMPLE, source_url=sample_url()).first()
        if service is None:
            return  # Deleted by its owner: it stays deleted.
        row = self._wait(service, time.monotonic() + options["timeout"])
        if row.status != Status.LIVE:
            raise CommandError(f"The sample is {row.status}: {row.error_message} {row.error_hint}".strip())
        host = Domain.objects.filter(service=service).order_by("-is_generated").values_list("host", flat=True)[0]
        self._wait_for_answer(host)
        self.stdout.write(settings.SLIPWAY.public_url(host))

    def _deploy(self) -> None:
        user = owner() or make_placeholder_owner()
        team = Team.objects.filter(memberships__user=user, memberships__role=Role.OWNER).earliest("created_at")
        if not Service.objects.filter(project__team=team, slug=SAMPLE).exists():
            deploy_sample(actor=Actor(user), team=team)

    def _wait(self, service: Service, deadline: float) -> Deployment:
        while True:
            row = Deployment.objects.filter(service=service).order_by("-number").first()
            if row is None:
                raise CommandError("The sample has no deployment.")
            if row.is_finished or time.monotonic() > deadline:
                return row
            time.sleep(0.05)

    def _wait_for_answer(self, host: str) -> None:
        """After `make down` the agent brings it back. Not for ever: it may have been changed to answer otherwise."""
        request = urllib.request.Request(f"{settings.SLIPWAY.edge_address}/", headers={"Host": host})
        deadline = time.monotonic() + ANSWER_SECONDS
        while time.monotonic() < deadline:
            try:
                urllib.request.urlopen(request, timeout=1).close()
            except OSError:
                time.sleep(0.05)
            else:
                return
