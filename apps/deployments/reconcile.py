"""Every ten seconds: what waits is woken again, what a dead worker held is taken back, what is over is tidied.

Any number of these may run. Nothing here is needed while all goes well.
"""

from __future__ import annotations

import logging
from datetime import timedelta

from django.conf import settings
from django.db import Error, InterfaceError, OperationalError, transaction
from django.db.models import F
from django.db.models.functions import Now
from django.utils import timezone

from apps.deployments import outcome, retention, wakeup
from apps.deployments.lease import AGENT, ATTEMPTS, FREE, lock
from apps.deployments.models import Deployment
from apps.deployments.states import ACTIVE, Status
from apps.hosts.models import Host
from workers.errors import PlatformError, Stopped

log = logging.getLogger(__name__)

STARTED = timezone.now()
AGENT_RETURNS = timedelta(seconds=20)


def reconcile() -> None:
    """One round."""
    take_back_expired()
    wake_waiting()
    retention.tidy()


def take_back_expired() -> None:
    """Leases that ended without a word: their worker died. Three times is enough. One row's trouble is not another's."""
    expired = Deployment.objects.filter(status__in=ACTIVE, lease_expires_at__lt=Now())
    if timezone.now() - STARTED < AGENT_RETURNS:
        expired = expired.exclude(lease_owner=AGENT)  # It could not report while the control plane was down.
    for key, service in list(expired.values_list("pk", "service")):
        try:
            with transaction.atomic():
                lock(service)
                row = expired.select_for_update(of=("self",)).select_related("service__project").filter(pk=key).first()
                if row is not None:
                    _take_back(row)
        except Stopped:
            log.info("deployment %s moved on meanwhile", key)
        except (OperationalError, InterfaceError):
            raise  # The database itself is away.
        except Error:
            log.exception("deployment %s cannot be taken back", key)


def _take_back(row: Deployment) -> None:
    # A new fence: whatever the old worker still does has no effect.
    Deployment.objects.filter(pk=row.pk).update(fence=F("fence") + 1)
    row.refresh_from_db()
    if row.cancel_requested_at is not None:
        outcome.cancelled(row)
    elif row.lease_owner == AGENT:
        outcome.failed(row, _silent_agent(row))
    elif row.attempt >= ATTEMPTS:
        outcome.failed(row, _dead_workers(row))
    elif row.status == Status.BUILDING:
        outcome.say(
            row, f"the worker was lost in {row.step}; another takes over (attempt {row.attempt + 1})", kind="line"
        )
        outcome.requeued(row)
    else:
        wakeup.deploy(row)


def _silent_agent(row: Deployment) -> PlatformError:
    return PlatformError(
        "deploy:platform:agent-silent",
        f"The host's agent did not report in {row.step} in time.",
        hint="See `make status` and `make logs` on the host; then deploy again.",
        retry=False,
    )


def _dead_workers(row: Deployment) -> PlatformError:
    return PlatformError(
        "deploy:platform:worker-lost",
        f"The worker was lost {row.attempt} times in {row.step}.",
        hint="See `make logs`: it may be short of memory or disk. Then deploy again.",
        retry=False,
    )


def wake_waiting() -> None:
    """What waits without a lease: its wake-up may be lost. A superfluous one does nothing."""
    if Host.objects.filter(draining_since__isnull=False).exists():
        return
    waiting = Deployment.objects.filter(FREE, status__in=(Status.PENDING, Status.DEPLOYING)).exclude(lease_owner=AGENT)
    old_enough = waiting.filter(created_at__lt=Now() - timedelta(seconds=2))
    full = wakeup.full_queues()
    for row in old_enough.order_by("created_at")[:200]:
        if row.cancel_requested_at is not None:
            _cancel(row)
        elif (
            wakeup.queue_of(row) not in full
            and not Deployment.objects.of(row).filter(status__in=ACTIVE).exclude(pk=row.pk).exists()
        ):
            wakeup.begin(row)


def _cancel(row: Deployment) -> None:
    try:
        outcome.cancelled(row)
    except Stopped:
        log.info("%s: moved on meanwhile", row)


def interval() -> float:
    return float(settings.SLIPWAY.reconcile_seconds)
