"""What operators do: the installation's settings, the queue of all teams, the disk, the health of its parts."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from ninja import Router

from apps.accounts.bearer import actor_of, one
from apps.accounts.installation import dismiss_checklist, installation, require_operator, set_base_domain
from apps.deployments import operating
from apps.deployments.budget import set_budget, want_cleaning
from apps.deployments.disk_measuring import want_measurement
from apps.deployments.disk_standing import disk_standing
from apps.deployments.models import Deployment
from apps.deployments.sample import deploy_sample
from apps.deployments.schemas import DeploymentOut
from apps.deployments.schemas_operator import (
    DiskOut,
    HealthOut,
    HostChange,
    InstallationIn,
    InstallationOut,
    QueuedOut,
    SampleIn,
)
from apps.hosts.actions import drain_host
from apps.hosts.api import hosts_for
from apps.hosts.api import router as hosts_router
from apps.hosts.installation import checks, versions
from apps.hosts.schemas import HostOut
from apps.lib.api import created
from apps.projects.api import team_meant
from apps.projects.base_checks import base_standing

router = Router(tags=["operator"])


def _installation() -> dict[str, Any]:
    base = base_standing()
    return {
        "base_domain": base.domain,
        "state": base.verdict.state,
        "detail": base.verdict.detail,
        "records": base.records,
        "addresses": list(base.expected),
        "checklist_dismissed": installation().checklist_dismissed_at is not None,
        "disk_budget_gb": installation().disk_budget_gb,
    }


@router.get(
    "/installation",
    response=InstallationOut,
    operation_id="get_installation",
    summary="Get the installation's settings",
)
def get_installation(request: HttpRequest) -> Any:
    """The base domain, looked up, and the records that would make it lead here. For operators."""
    _reader(request, "see the installation's settings")
    return _installation()


@router.patch(
    "/installation",
    response=InstallationOut,
    operation_id="change_installation",
    summary="Change the installation's settings",
)
def change_installation(request: HttpRequest, told: InstallationIn) -> Any:
    """A new base domain holds for services made from now on; a disk budget is cleaned to at once. For operators."""
    actor = actor_of(request)
    require_operator(actor, "change the installation's settings")
    with transaction.atomic():
        if told.base_domain is not None:
            set_base_domain(actor=actor, base=told.base_domain)
        if told.checklist_dismissed is not None:
            dismiss_checklist(actor=actor, on=told.checklist_dismissed)
        if told.disk_budget_gb is not None:
            set_budget(actor=actor, gigabytes=told.disk_budget_gb)
    return _installation()


@router.post("/sample", response={201: DeploymentOut}, operation_id="deploy_sample", summary="Deploy the sample")
def post_sample(request: HttpRequest, response: HttpResponse, told: SampleIn | None = None) -> Any:
    """The app that comes with Slipway. For operators."""
    actor = actor_of(request)
    require_operator(actor, "deploy the sample")
    made = deploy_sample(actor=actor, team=team_meant(actor, told.team_id if told else None))
    created(response, "get_deployment", made.pk)
    return Deployment.objects.with_names().get(pk=made.pk)


@router.get(
    "/operator/queue", response=list[QueuedOut], operation_id="list_queue", summary="List what waits and is under way"
)
def list_queue(request: HttpRequest) -> Any:
    """Of all teams, oldest first, at most 200. For operators."""
    _reader(request, "see the queue")
    return operating.queue()


@router.post(
    "/operator/queue/{uuid:deployment_id}/cancel",
    response=QueuedOut,
    operation_id="cancel_queued",
    summary="Cancel a deployment of any team",
)
def cancel_queued(request: HttpRequest, deployment_id: UUID) -> Any:
    """What is live goes on; its team sees that an operator did it."""
    actor = actor_of(request)
    row = operating.queued_for(actor, deployment_id)
    return operating.cancel_queued(actor=actor, deployment=row)


@router.post(
    "/operator/queue/{uuid:deployment_id}/wake",
    response=QueuedOut,
    operation_id="wake_queued",
    summary="Call a waiting deployment again",
)
def wake_queued(request: HttpRequest, deployment_id: UUID) -> Any:
    """Its wake-up is sent once more; a superfluous one does nothing."""
    actor = actor_of(request)
    return operating.wake_queued(actor=actor, deployment=operating.queued_for(actor, deployment_id))


@router.get("/operator/disk", response=DiskOut, operation_id="get_disk", summary="Get what the disk holds")
def get_disk(request: HttpRequest) -> Any:
    """As it was measured last. For operators."""
    _reader(request, "see the disk")
    return _disk()


@router.post("/operator/disk", response=DiskOut, operation_id="measure_disk", summary="Measure the disk")
def measure_disk(request: HttpRequest) -> Any:
    """Starts a measurement and answers with the last one. For operators."""
    want_measurement(actor=actor_of(request))
    return _disk()


@router.post("/operator/disk/clean", response=DiskOut, operation_id="clean_disk", summary="Clean the disk")
def clean_disk(request: HttpRequest) -> Any:
    """Images that nothing needs go, and what is over the budget; never what serves or is kept for a rollback. Starts as soon
    as a slot for builds is free, and answers with the last measurement. For operators."""
    want_cleaning(actor=actor_of(request))
    return _disk()


@router.get("/operator/health", response=HealthOut, operation_id="get_health", summary="Get the health of the parts")
def get_health(request: HttpRequest) -> Any:
    """What the control plane depends on, as it answers now, and versions. For operators."""
    _reader(request, "see the health of the installation")
    return {"checks": checks(), "versions": versions()}


@hosts_router.patch("/hosts/{uuid:host_id}", response=HostOut, operation_id="change_host", summary="Drain a host")
def change_host(request: HttpRequest, host_id: UUID, told: HostChange) -> Any:
    """A draining host takes no new deployments; what runs goes on. For operators."""
    actor = actor_of(request)
    row = one(hosts_for(actor), "host", host_id)
    require_operator(actor, "drain a host")
    return drain_host(actor=actor, host=row, on=told.draining)


def _reader(request: HttpRequest, what: str) -> None:
    """Looking needs no wider scope than reading."""
    actor = actor_of(request)
    if actor.user is None or not actor.user.is_staff:
        require_operator(actor, what)


def _disk() -> dict[str, Any]:
    standing = disk_standing()
    sizes = {name: int(standing.told.get(name, 0)) for name in ("total", "free", "home", "cache", "dependencies")}
    return {
        "measured_at": standing.row.disk_measured_at,
        "is_measuring": standing.is_measuring,
        **sizes,
        "kept": standing.kept,
        "budget": standing.budget,
        "sources": standing.sources,
        "caches": standing.caches,
        "images": standing.images,
        "volumes": standing.volumes,
    }
