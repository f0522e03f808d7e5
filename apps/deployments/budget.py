"""The disk that builds may take: images of ours, the engine's build cache, sources kept for the next fetch.

Volumes are people's data and no part of it. Not in charge of removing (`cleaning`) and of measuring (`operating`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from apps.accounts.access import Actor
from apps.accounts.installation import installation, note, require_operator
from apps.accounts.models import Installation
from apps.deployments import wakeup
from apps.deployments.models import Build
from workers.errors import UserError

GB = 1024**3  # As the pages count.
LEAST_GB, MOST_GB = 1, 1_000_000


def used_bytes(disk: Mapping[str, Any]) -> int:
    """Of a measurement (`workers.build.disk.Disk` as a dict). Of an image what it shares with no other one."""
    own: dict[str, int] = disk.get("own", {})
    ours = set(Build.objects.filter(digest__in=own).values_list("digest", flat=True))
    sources: dict[str, int] = disk.get("sources", {})
    return int(disk.get("cache", 0)) + sum(sources.values()) + sum(own[digest] for digest in ours)


def bytes_over(disk: Mapping[str, Any], row: Installation) -> int:
    """0 within the budget, and when there is none."""
    return max(0, used_bytes(disk) - round(row.disk_budget_gb * GB)) if row.disk_budget_gb else 0


@transaction.atomic
def set_budget(*, actor: Actor, gigabytes: float) -> Installation:
    """0: none. What is over it goes with a cleaning, which is asked for at once."""
    require_operator(actor, "change the disk budget")
    if gigabytes and not LEAST_GB <= gigabytes <= MOST_GB:  # False for NaN too.
        raise UserError(
            "disk:user:budget", f"A budget is {LEAST_GB} to {MOST_GB} GB.", hint="0 means none.", status=422
        )
    row = installation()
    if row.disk_budget_gb != gigabytes:
        note(actor, "changed the disk budget", before=f"{row.disk_budget_gb:g} GB", after=f"{gigabytes:g} GB")
    row.disk_budget_gb = gigabytes
    row.save(update_fields=["disk_budget_gb"])
    wakeup.clean()
    return row


def want_cleaning(*, actor: Actor) -> None:
    """It is done where builds run, as soon as none is under way."""
    require_operator(actor, "clean the disk")
    wakeup.clean()
