"""Why deployments have not begun yet, as sentences for people: of one, or of many in as few queries.

Not in charge of whose turn it is (`turns`), nor of holding one back for what it depends on (`waiting`).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from uuid import UUID

from django.conf import settings

from apps.deployments import wakeup
from apps.deployments.models import Deployment, DeploymentStep
from apps.deployments.outcome import ROOM_SECONDS
from apps.deployments.states import ACTIVE, Status
from apps.deployments.turns import is_draining, turns
from apps.deployments.waiting import awaited
from workers.build.limits_disk import DISK_LOW


def why_waiting(row: Deployment) -> str:
    """What it waits for; "" when it waits no longer, or begins any moment."""
    return _Moment([row]).why(row)


def why_each_waits(rows: Sequence[Deployment]) -> dict[UUID, str]:
    """The same of all of them."""
    moment = _Moment(rows)
    return {row.pk: moment.why(row) for row in rows}


class _Moment:
    """What is the same for all of them, asked once and only where a row needs it."""

    def __init__(self, rows: Sequence[Deployment]) -> None:
        self.rows = rows

    def why(self, row: Deployment) -> str:
        if row.status == Status.DEPLOYING:
            other = None if row.lease_owner else self._awaited.get(row.pk)
            return f"It begins when {other.service.name} is live." if other is not None else ""
        if row.status != Status.PENDING or wakeup.queue_of(row) != "build":
            return ""
        before = self._active.get((row.service_id, row.environment_id))
        if before is not None:  # Itself when it has begun since it was read.
            return "" if before == row else f"It begins when deployment {before.number} has ended."
        if self._is_draining:
            return "It begins when the host takes deployments again."
        last = self._last_steps.get(row.pk)
        if last is not None and last.error_code == DISK_LOW:
            return f"It waits for free disk, and looks again every {ROOM_SECONDS:g} s. {last.detail}"
        return self._turn(row)

    def _turn(self, row: Deployment) -> str:
        ahead = self._order.get(row.pk, 0)
        if ahead + self._under_way < settings.SLIPWAY.builds_at_once:
            return ""
        builds = f"{self._under_way} build{'' if self._under_way == 1 else 's'}"
        return f"It waits for its turn: {builds} under way, {ahead or 'none'} before it."

    @cached_property
    def _awaited(self) -> dict[UUID, Deployment]:
        return awaited([row for row in self.rows if row.status == Status.DEPLOYING])

    @cached_property
    def _active(self) -> dict[tuple[UUID, UUID], Deployment]:
        rows = Deployment.objects.filter(status__in=ACTIVE, service__in={row.service_id for row in self.rows})
        return {(row.service_id, row.environment_id): row for row in rows}

    @cached_property
    def _is_draining(self) -> bool:
        return is_draining()

    @cached_property
    def _last_steps(self) -> dict[UUID, DeploymentStep]:
        waiting = [row.pk for row in self.rows if row.status == Status.PENDING]
        steps = DeploymentStep.objects.filter(deployment__in=waiting).order_by("started_at")
        return {step.deployment_id: step for step in steps}

    @cached_property
    def _order(self) -> dict[UUID, int]:
        return {pk: number for number, pk in enumerate(turns(Deployment.objects.all()))}

    @cached_property
    def _under_way(self) -> int:
        return Deployment.objects.filter(status=Status.BUILDING).count()
