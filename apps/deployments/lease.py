"""Who works on a deployment: claim, heartbeat, give back. Times are the database's; the fence tells old workers from new.

Not in charge of what the work is.
"""

from __future__ import annotations

import os
import socket
import threading
from datetime import timedelta
from types import TracebackType
from typing import Any, Self
from uuid import UUID

from django.conf import settings
from django.db import Error, IntegrityError, connection, transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Now

from apps.deployments.models import Deployment, LogStream
from apps.deployments.states import Status
from apps.projects.models import Environment, Service
from workers.errors import Stopped

WORKER = f"{socket.gethostname()[:40]}:{os.getpid()}"
AGENT = "agent"
ATTEMPTS = 3
FREE = Q(lease_expires_at__isnull=True) | Q(lease_expires_at__lt=Now())
BEAT_SECONDS = 0.5  # Reads the cancel flag; the lease itself is extended every third of its life.

shutting_down = threading.Event()


def lock(service_id: UUID) -> None:
    """Whoever changes deployments of a service does it one after the other. Raises `Stopped` when it was deleted."""
    if not list(Service.objects.select_for_update(no_key=True).filter(pk=service_id).values_list("pk")):
        raise Stopped("lost")


def lock_all(project_id: UUID) -> None:
    """All services of a project, in the one order: for whoever changes an environment, before any other row of it."""
    rows = Service.objects.select_for_update(no_key=True).filter(project=project_id)
    list(rows.order_by("pk").values_list("pk"))


def lock_to_delete(*parents: QuerySet[Any], **of: Service | Environment) -> None:
    """`parents` first, then the deployments and logs of a service, an environment or one in the other.

    Whoever would hang a row on one of them meanwhile (a step, lines of a log) finds it gone. Unlocked, such a row comes
    between the deletion of children and that of their parent, which fails for its sake.
    """
    deployments = Deployment.objects.filter(**of)
    logs = LogStream.objects.filter(Q(**of) | Q(deployment__in=deployments))
    for rows in (*parents, deployments, logs):
        list(rows.order_by("pk").select_for_update(of=("self",)).values_list("pk"))


def claim(deployment_id: str, *, start: Status, during: Status, step: str) -> Deployment | None:
    """Take the work over if it waits in `start` (or stands in `during` without a valid lease), else None."""
    service = Deployment.objects.filter(pk=deployment_id).values_list("service", flat=True).first()
    if service is None:
        return None
    try:
        return _claim(service, deployment_id, start, during, step)
    except Stopped:
        return None  # Its service was deleted.


@transaction.atomic
def _claim(service: UUID, deployment_id: str, start: Status, during: Status, step: str) -> Deployment | None:
    lock(service)  # First, as everybody does: the index below waits for those who hold it.
    rows = Deployment.objects.select_for_update(skip_locked=True, of=("self",))
    wanted = rows.filter(FREE, pk=deployment_id, status__in=(start, during), cancel_requested_at=None)
    row = wanted.exclude(lease_owner=AGENT).first()
    if row is None:
        return None
    try:
        with transaction.atomic():
            Deployment.objects.filter(pk=row.pk).update(
                status=during,
                step=step,
                attempt=F("attempt") + (1 if row.status == Status.PENDING or row.lease_owner else 0),
                fence=F("fence") + 1,
                lease_owner=WORKER,
                lease_expires_at=Now() + timedelta(seconds=settings.SLIPWAY.lease_seconds),
                started_at=row.started_at or Now(),
            )
    except IntegrityError:
        return None  # Another deployment of the same service and environment is active: this one waits for it.
    return Deployment.objects.select_related("service__project", "environment").get(pk=row.pk)  # All that a job asks.


class Heartbeat:
    """Keeps a lease alive while its block runs, and tells `check()` when the work must stop."""

    def __init__(self, deployment: Deployment) -> None:
        self.deployment = deployment
        self.reason = ""
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._beat, name=f"lease-{deployment.short_id}", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._done.set()
        self._thread.join()

    def check(self) -> None:
        if shutting_down.is_set():
            raise Stopped("shutdown")
        if self.reason:
            raise Stopped(self.reason)

    def _beat(self) -> None:
        every = max(1, int(settings.SLIPWAY.lease_seconds / 3 / BEAT_SECONDS))
        beats = 0
        try:
            while not self._done.wait(BEAT_SECONDS):
                beats += 1
                try:
                    self._look(extend=beats % every == 0)
                except Error:
                    # Without a database nobody else can take the lease either; the guarded writes decide later.
                    connection.close()
        finally:
            connection.close()

    def _look(self, *, extend: bool) -> None:
        mine = Deployment.objects.filter(pk=self.deployment.pk, fence=self.deployment.fence, lease_owner=WORKER)
        if extend:
            mine.update(lease_expires_at=Now() + timedelta(seconds=settings.SLIPWAY.lease_seconds))
        cancelled = mine.values_list("cancel_requested_at", flat=True).first()
        if not mine.exists():
            self.reason = "lost"
        elif cancelled is not None:
            self.reason = "cancelled"


def hand_to_agent(deployment: Deployment, *, seconds: float) -> None:
    """The rollout is the agent's now; each of its reports extends the lease."""
    mine = Deployment.objects.filter(pk=deployment.pk, fence=deployment.fence, status=Status.DEPLOYING)
    wanted = mine.filter(cancel_requested_at=None)
    if not wanted.update(lease_owner=AGENT, lease_expires_at=Now() + timedelta(seconds=seconds)):
        raise Stopped("cancelled" if mine.exists() else "lost")
