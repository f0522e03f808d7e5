"""Logins of a team for registries of images: kept, listed without their passwords, forgotten."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Query, Router, Schema
from pydantic import Field

from apps.accounts.access import team_for
from apps.accounts.bearer import actor_of
from apps.lib.api import Page, PageQuery, Told, paged
from apps.projects import registries
from apps.projects.access import registry_for

router = Router(tags=["registries"])


class RegistryOut(Schema):
    """The password is never told."""

    id: UUID
    team_id: UUID
    host: str = Field(examples=["ghcr.io"])
    username: str = Field(examples=["owner"])
    created_at: datetime


class RegistryIn(Told):
    host: str = Field(min_length=1, max_length=250, examples=["ghcr.io"])
    username: str = Field(min_length=1, max_length=200, examples=["owner"])
    password: str = Field(min_length=1, max_length=5000, description="Or a token. Never told again.", examples=["..."])


@router.get(
    "/teams/{uuid:team_id}/registries",
    response=Page[RegistryOut],
    operation_id="list_registries",
    summary="List logins of registries",
)
def list_registries(request: HttpRequest, team_id: UUID, query: Query[PageQuery]) -> Any:
    """Those that the team keeps; a pull uses the one of the image's host."""
    return paged(team_for(actor_of(request), team_id).registries.all(), query)


@router.post(
    "/teams/{uuid:team_id}/registries",
    response={201: RegistryOut},
    operation_id="keep_registry",
    summary="Keep a login of a registry",
)
def keep_registry(request: HttpRequest, team_id: UUID, told: RegistryIn) -> Any:
    """It replaces the one that the team had for the host. Encrypted, and never told again."""
    actor = actor_of(request)
    return registries.keep_registry(actor=actor, team=team_for(actor, team_id), **told.model_dump())


@router.delete(
    "/registries/{uuid:registry_id}",
    response={204: None},
    operation_id="forget_registry",
    summary="Forget a login of a registry",
)
def forget_registry(request: HttpRequest, registry_id: UUID) -> None:
    """What was pulled stays. The next pull of a private image fails."""
    actor = actor_of(request)
    registries.forget_registry(actor=actor, registry=registry_for(actor, registry_id))
