"""Room on the engine's disk, asked for before a step that fills it. Not in charge of what is cleaned."""

from __future__ import annotations

from django.conf import settings

from apps.deployments import wakeup
from apps.deployments.steps.attempt import Attempt
from workers.build.limits_disk import DISK_LOW
from workers.build.limits_disk import require_room as require
from workers.docker_cli import working_client
from workers.errors import PlatformError

CLEAN_SECONDS = 10.0  # By then this deployment waits: while it is built, no image of its service is removed.


def require_room(attempt: Attempt) -> None:
    """Where there is none, what nothing needs is removed before the next attempt (`outcome`)."""
    try:
        require(working_client(attempt.machine_cache), round(settings.SLIPWAY.build_free_gb * 1e9))
    except PlatformError as error:
        if error.code == DISK_LOW:
            wakeup.clean(later=CLEAN_SECONDS)
        raise
