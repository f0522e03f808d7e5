"""Images of this installation that nothing needs any more are removed. Runs where images are built."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Sequence
from pathlib import Path

from django.conf import settings

from apps.deployments.models import Deployment
from apps.deployments.retention import kept_digests
from apps.deployments.states import Status
from apps.projects.models import Service
from workers.build.clean import remove_images
from workers.docker_cli import working_client
from workers.errors import Stopped

log = logging.getLogger(__name__)


class _Log:
    """`workers.build.job.Report` for work without a reader of its own."""

    def line(self, text: str, *, level: str = "out") -> None:
        log.info("%s", text)

    def command(self, argv: Sequence[str]) -> None:
        log.debug("%s", argv)

    def check(self) -> None:
        """Nobody cancels a cleaning."""


def clean() -> None:
    """By our label only; never what is live or kept for a rollback. Folders of deleted services go too."""
    home = Path(settings.SLIPWAY.home)
    known = {str(pk) for pk in Service.objects.values_list("pk", flat=True)}
    for folder in (home / "cache").glob("*-*-*-*-*"):
        if folder.name not in known:
            shutil.rmtree(folder, ignore_errors=True)
    try:
        client = working_client(home / "cache" / "machine")
        gone = remove_images(client, f"slipway.instance={settings.SLIPWAY.instance}", _keep, _Log())
    except Stopped:
        return
    if gone:
        log.info("removed %d images that nothing needs", len(gone))


def _keep() -> set[str]:
    """Asked after the images were listed: an image of a build under way may have no row yet, so then nothing goes."""
    if Deployment.objects.filter(status=Status.BUILDING).exists():
        raise Stopped("busy")
    return kept_digests()
