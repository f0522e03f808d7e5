"""Changes of variables and settings that are not live: look at them, take them back. `POST .../deployments` deploys them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Query, Router, Schema
from pydantic import Field

from apps.accounts.bearer import actor_of
from apps.accounts.policy import Permission
from apps.deployments.discard import discard_changes
from apps.deployments.schemas_failures import ErrorOut
from apps.deployments.staged import staged_of
from apps.projects.access import service_for
from apps.projects.environments import environment_or_production
from apps.projects.schemas import EnvironmentQuery

router = Router(tags=["deployments"])


class ChangeOut(Schema):
    """`old` and `new` are null for secrets, for what is not there, and for those who may not write variables."""

    name: str = Field(examples=["LOG_LEVEL"])
    kind: str = Field(description="new, changed or removed", examples=["changed"])
    is_variable: bool
    scope: str = Field(description="Of a variable.", examples=["service"])
    is_secret: bool
    old: str | None = Field(examples=["info"])
    new: str | None = Field(examples=["debug"])
    needs_build: bool
    can_discard: bool


class StagedOut(Schema):
    changes: list[ChangeOut]
    problems: list[ErrorOut] = Field(description="What would refuse the next deployment.")
    needs_build: bool = Field(description="False: `reuse_build` deploys them without git and build.")
    seconds: float | None = Field(description="What such a deployment usually takes here.", examples=[12.0])
    coming_deployment_id: UUID | None = Field(description="The deployment under way that carries them.")


@router.get(
    "/services/{uuid:service_id}/changes",
    response=StagedOut,
    operation_id="get_changes",
    summary="Get the changes that are not live",
)
def get_changes(request: HttpRequest, service_id: UUID, query: Query[EnvironmentQuery]) -> Any:
    """What the next release gets in an environment and the live one has not: variables and settings."""
    actor = actor_of(request)
    service = service_for(actor, service_id)
    may_read = actor.can(Permission.WRITE_VARIABLES, service.team_id)
    where = environment_or_production(service, query.environment)
    staged = staged_of(service, where, may_read=may_read)
    return {
        "changes": staged.changes,
        "problems": [error.as_dict() for error in staged.problems],
        "needs_build": staged.needs_build,
        "seconds": staged.seconds,
        "coming_deployment_id": staged.coming.pk if staged.coming else None,
    }


@router.delete(
    "/services/{uuid:service_id}/changes",
    response={204: None},
    operation_id="discard_changes",
    summary="Discard changes of variables",
)
def discard(request: HttpRequest, service_id: UUID, query: Query[EnvironmentQuery]) -> None:
    """The service's own variables become what the live release has. Settings and the project's variables stay."""
    actor = actor_of(request)
    service = service_for(actor, service_id)
    where = environment_or_production(service, query.environment)
    discard_changes(actor=actor, service=service, environment=where)
