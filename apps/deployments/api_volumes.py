"""Volumes: declare, keep, discard."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router

from apps.accounts.access import Actor
from apps.accounts.bearer import actor_of
from apps.deployments import actions
from apps.deployments.schemas_parts import VolumeIn, VolumeOut, VolumeQuery
from apps.lib.api import Page, created, paged
from apps.projects import actions as projects
from apps.projects.access import service_for, volume_for
from apps.projects.environments import environment_named
from apps.projects.models import Volume, scoped

router = Router(tags=["volumes"])


def volumes_for(actor: Actor) -> Any:
    rows = scoped(Volume, actor, "project__team").select_related("project", "environment")
    return rows.filter(discarded_at=None)


@router.get("/volumes", response=Page[VolumeOut], operation_id="list_volumes", summary="List volumes")
def list_volumes(request: HttpRequest, query: Query[VolumeQuery]) -> Any:
    """Those in use, and those that are kept after their service was deleted."""
    rows = volumes_for(actor_of(request))
    if query.project_id:
        rows = rows.filter(project=query.project_id)
    if query.service_id:
        rows = rows.filter(service=query.service_id)
    return paged(rows, query)


@router.post(
    "/services/{uuid:service_id}/volumes",
    response={201: VolumeOut},
    operation_id="create_volume",
    summary="Create a volume",
)
def create_volume(request: HttpRequest, response: HttpResponse, service_id: UUID, told: VolumeIn) -> Any:
    """Mounted with the next deployment. `reuse` takes a kept one up again, with its data."""
    actor = actor_of(request)
    service = service_for(actor, service_id)
    environment = environment_named(service.project, told.environment) or service.environment
    row = projects.create_volume(
        actor=actor, service=service, environment=environment, name=told.name, path=told.path, reuse=told.reuse
    )
    created(response, "get_volume", row.pk)
    return row


@router.get("/volumes/{uuid:volume_id}", response=VolumeOut, operation_id="get_volume", summary="Get a volume")
def get_volume(request: HttpRequest, volume_id: UUID) -> Any:
    """One volume of your projects."""
    return volume_for(actor_of(request), volume_id)


@router.delete(
    "/volumes/{uuid:volume_id}", response={204: None}, operation_id="discard_volume", summary="Discard a volume"
)
def discard_volume(request: HttpRequest, volume_id: UUID, confirm: str = "") -> None:
    """Its data is gone for ever. `confirm` is its name."""
    actor = actor_of(request)
    actions.discard_volume(actor=actor, volume=volume_for(actor, volume_id), confirm=confirm)
