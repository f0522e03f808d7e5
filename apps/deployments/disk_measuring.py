"""When the disk is measured, and what comes of it. Not in charge of showing it (`disk_standing`) or of what is removed."""

from __future__ import annotations

import logging
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.utils import timezone

from apps.accounts.access import Actor
from apps.accounts.installation import installation, require_operator
from apps.accounts.models import Installation
from apps.deployments import wakeup
from apps.deployments.budget import bytes_over
from workers.build.disk import measure
from workers.docker_cli import working_client
from workers.errors import SlipwayError

log = logging.getLogger(__name__)
MEASURE_EVERY = timedelta(hours=1)


def want_measurement(*, actor: Actor) -> Installation:
    """It is measured where builds run, and shown when it is done."""
    require_operator(actor, "measure the disk")
    return _want()


def _want() -> Installation:
    row = installation()
    Installation.objects.filter(pk=row.pk).update(disk_wanted_at=timezone.now())
    wakeup.measure_disk()
    row.refresh_from_db()
    return row


def measure_when_old() -> None:
    """For the reconciler: once an hour."""
    row = installation()
    last = max(filter(None, (row.disk_measured_at, row.disk_wanted_at)), default=None)
    if last is None or timezone.now() - last > MEASURE_EVERY:
        _want()


def store_measurement() -> bool:
    """In a build worker; whether more is kept than the budget. What goes wrong is stored too, for the page to say it."""
    home = Path(settings.SLIPWAY.home)
    try:
        told = measure(working_client(home / "cache" / "machine"), home, settings.SLIPWAY.instance).as_dict()
    except SlipwayError as error:
        log.warning("the disk was not measured: %s", error.message)
        told = {**installation().disk, "problem": error.message}
    installation()
    Installation.objects.update(disk=told, disk_measured_at=timezone.now())
    return bytes_over(told, installation()) > 0
