"""Pushes and webhooks of services; deliveries for operators."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Query, Router

from apps.accounts.bearer import actor_of
from apps.accounts.installation import is_operator, require_operator
from apps.accounts.policy import Permission
from apps.lib.api import Page, PageQuery, paged
from apps.projects.access import service_for, service_for_writer
from apps.webhooks import actions
from apps.webhooks.models import Hook
from apps.webhooks.queries import Search, deliveries, delivery_for, pushes_of, url_of_hook
from apps.webhooks.schemas import DeliveryDetail, DeliveryOut, DeliveryQuery, HookIn, HookMade, HookOut, PushOut
from apps.webhooks.views_hook import existing_hook

router = Router(tags=["pushes"])


@router.get(
    "/services/{uuid:service_id}/pushes", response=Page[PushOut], operation_id="list_pushes", summary="List pushes"
)
def list_pushes(request: HttpRequest, service_id: UUID, query: Query[PageQuery]) -> Any:
    """Newest first: deployed, waiting for its checks, or not deployed and why."""
    return paged(pushes_of(service_for(actor_of(request), service_id)), query)


@router.get(
    "/services/{uuid:service_id}/hook", response=HookOut, operation_id="get_hook", summary="Get a service's webhook"
)
def get_hook(request: HttpRequest, service_id: UUID) -> Any:
    """The address that a git server posts to. 404 when the service has none."""
    return _told(existing_hook(service_for(actor_of(request), service_id)))


@router.post(
    "/services/{uuid:service_id}/hook",
    response={201: HookMade},
    operation_id="make_hook",
    summary="Make a service's webhook",
)
def make_hook(request: HttpRequest, service_id: UUID, told: HookIn) -> Any:
    """For a repository that the GitHub App does not connect. Replaces the one it has; the secret is told once."""
    actor = actor_of(request)
    service = service_for_writer(actor, service_id, Permission.WRITE_SERVICE)
    row, secret = actions.make_hook(actor=actor, service=service, forge=told.forge)
    return {**_told(row), "secret": secret}


@router.post(
    "/services/{uuid:service_id}/hook/rotate",
    response=HookMade,
    operation_id="rotate_hook",
    summary="Give a webhook a new secret",
)
def rotate_hook(request: HttpRequest, service_id: UUID) -> Any:
    """Told once. The old one is good for another hour."""
    actor = actor_of(request)
    row = existing_hook(service_for_writer(actor, service_id, Permission.WRITE_SERVICE))
    secret = actions.rotate_hook(actor=actor, hook=row)
    return {**_told(row), "secret": secret}


@router.delete(
    "/services/{uuid:service_id}/hook",
    response={204: None},
    operation_id="remove_hook",
    summary="Remove a service's webhook",
)
def remove_hook(request: HttpRequest, service_id: UUID) -> None:
    """Its address answers no more, and its secret is gone."""
    actor = actor_of(request)
    row = existing_hook(service_for_writer(actor, service_id, Permission.WRITE_SERVICE))
    actions.remove_hook(actor=actor, hook=row)


@router.get(
    "/operator/deliveries", response=Page[DeliveryOut], operation_id="list_deliveries", summary="List deliveries"
)
def list_deliveries(request: HttpRequest, query: Query[DeliveryQuery]) -> Any:
    """What git servers told, newest first, and what became of it. For operators."""
    actor = actor_of(request)
    if not is_operator(actor):
        require_operator(actor, "see deliveries")
    search = Search(query.q.strip(), query.event, query.state or "")
    return paged(search.of_rows(deliveries()), query)


@router.get(
    "/operator/deliveries/{uuid:delivery_id}",
    response=DeliveryDetail,
    operation_id="get_delivery",
    summary="Get a delivery",
)
def get_delivery(request: HttpRequest, delivery_id: UUID) -> Any:
    """With what it said. For operators."""
    actor = actor_of(request)
    row = delivery_for(actor, delivery_id)
    if not is_operator(actor):
        require_operator(actor, "see deliveries")
    return row


@router.post(
    "/operator/deliveries/{uuid:delivery_id}/replay",
    response={201: DeliveryOut},
    operation_id="replay_delivery",
    summary="Replay a delivery",
)
def replay_delivery(request: HttpRequest, delivery_id: UUID) -> Any:
    """The same once more. An older push never takes the place of a newer one. For operators."""
    actor = actor_of(request)
    return actions.replay(actor=actor, delivery=delivery_for(actor, delivery_id))


def _told(row: Hook) -> dict[str, Any]:
    told = {name: getattr(row, name) for name in ("forge", "rotated_at", "created_at")}
    return {"id": row.pk, "url": url_of_hook(row), **told}
