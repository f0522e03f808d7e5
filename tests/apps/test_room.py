"""A deployment without free disk waits for it, and is no failed attempt. Real rows; what is free is made up."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, cast

import pytest
from django.utils import timezone

from apps.deployments import outcome, wakeup
from apps.deployments.actions import deploy
from apps.deployments.cleaning import _being_built
from apps.deployments.lease import claim
from apps.deployments.models import Deployment
from apps.deployments.states import Status, StepStatus
from apps.deployments.step_rows import begin_step, end_step
from apps.deployments.steps import room
from apps.deployments.steps.attempt import Attempt
from apps.deployments.why_waiting import why_waiting
from tests.apps.cast import Person, Shop
from workers.build.limits_disk import DISK_LOW
from workers.errors import PlatformError

pytestmark = pytest.mark.django_db


def without_room(row: Deployment) -> Deployment:
    """As after an attempt that found none, and the wait."""
    Deployment.objects.filter(pk=row.pk).update(lease_expires_at=None)
    found = claim(row.key, start=Status.PENDING, during=Status.BUILDING, step="fetch")
    assert found is not None
    outcome.failed(found, PlatformError(DISK_LOW, "Only 1 GB of the engine's disk are free."))
    row.refresh_from_db()
    return row


def test_it_waits_half_an_hour_for_free_disk(alice: Person, shop: Shop) -> None:
    row = deploy(actor=alice.actor, service=shop.service)
    for _ in range(5):
        without_room(row)
        assert (row.status, row.attempt) == (Status.PENDING, 0)
    assert row.lease_expires_at is not None and row.lease_expires_at > timezone.now() + timedelta(seconds=50)
    assert not _being_built(), "a cleaning removes what nothing needs of its service meanwhile"
    Deployment.objects.filter(pk=row.pk).update(started_at=timezone.now() - outcome.ROOM_WAIT)
    assert [without_room(row).status for _ in range(3)] == [Status.PENDING, Status.PENDING, Status.FAILED]
    assert row.error_code == DISK_LOW


def test_it_says_that_it_waits_for_free_disk(alice: Person, shop: Shop) -> None:
    row = deploy(actor=alice.actor, service=shop.service)
    end_step(begin_step(row, "build"), StepStatus.FAILED, detail="Only 1 GB are free.", code=DISK_LOW)
    told = "It waits for free disk, and looks again every 60 s. Only 1 GB are free."
    assert why_waiting(without_room(row)) == told
    assert told in alice.client.get(f"/deployments/{row.key}").content.decode()
    begin_step(row, "fetch")
    assert why_waiting(row) == "", "it has begun again"


@pytest.mark.parametrize(("code", "asked"), [(DISK_LOW, [room.CLEAN_SECONDS]), ("engine:platform:unreachable", [])])
def test_a_cleaning_is_asked_for_when_the_deployment_waits(
    monkeypatch: pytest.MonkeyPatch, code: str, asked: list[float]
) -> None:
    found: list[float] = []

    def require(*_: Any) -> None:
        raise PlatformError(code, "No.")

    monkeypatch.setattr(room, "working_client", lambda _: "docker")
    monkeypatch.setattr(room, "require", require)
    monkeypatch.setattr(wakeup, "clean", lambda *, later=0: found.append(later))
    with pytest.raises(PlatformError):
        room.require_room(cast(Attempt, type("_", (), {"machine_cache": None})))
    assert found == asked
