"""Deployments: deploy, list, look at, cancel, roll back."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from ninja import Query, Router

from apps.accounts.access import Actor
from apps.accounts.bearer import actor_of, one
from apps.deployments import actions
from apps.deployments.mending import mend
from apps.deployments.models import Deployment
from apps.deployments.schemas import (
    DeploymentDetail,
    DeploymentIn,
    DeploymentOut,
    DeploymentQuery,
    RollbackIn,
    ServiceRollbackIn,
)
from apps.deployments.states import Status
from apps.lib.api import Page, created, paged
from apps.projects.access import service_for
from apps.projects.environments import environment_named
from workers.errors import UserError

router = Router(tags=["deployments"])


def deployments_for(actor: Actor) -> QuerySet[Deployment]:
    """Without the values of their releases' variables."""
    rows: QuerySet[Deployment] = Deployment.objects.visible_to(actor).with_names()
    return rows.defer("release__variables")


def deployment_for(actor: Actor, pk: UUID) -> Deployment:
    return one(deployments_for(actor), "deployment", pk)


@router.get("/deployments", response=Page[DeploymentOut], operation_id="list_deployments", summary="List deployments")
def list_deployments(request: HttpRequest, query: Query[DeploymentQuery]) -> Any:
    """Newest first; of one project, service, environment, number or status."""
    wanted = {
        "service__project": query.project_id,
        "service": query.service_id,
        "environment__slug": query.environment,
        "number": query.number,
        "status": query.status,
    }
    rows = deployments_for(actor_of(request))
    return paged(rows.filter(**{name: value for name, value in wanted.items() if value is not None}), query)


@router.post(
    "/services/{uuid:service_id}/deployments",
    response={201: DeploymentOut},
    operation_id="deploy",
    summary="Deploy",
)
def deploy(request: HttpRequest, response: HttpResponse, service_id: UUID, told: DeploymentIn | None = None) -> Any:
    """Build and release the head of the service's branch, or a commit. The newest request wins over those that wait."""
    actor = actor_of(request)
    told = told or DeploymentIn()
    service = service_for(actor, service_id)
    row = actions.deploy(
        actor=actor,
        service=service,
        environment=environment_named(service.project, told.environment),
        commit=told.commit,
        no_cache=told.no_cache,
        reuse_build=told.reuse_build,
        trigger="api" if actor.scope else "manual",
    )
    created(response, "get_deployment", row.pk)
    return row


@router.get(
    "/deployments/{uuid:deployment_id}",
    response=DeploymentDetail,
    operation_id="get_deployment",
    summary="Get a deployment",
)
def get_deployment(request: HttpRequest, deployment_id: UUID) -> Any:
    """Where it stands, its steps, and the reason if it failed."""
    return deployment_for(actor_of(request), deployment_id)


@router.post(
    "/deployments/{uuid:deployment_id}/cancel",
    response=DeploymentOut,
    operation_id="cancel_deployment",
    summary="Cancel a deployment",
)
def cancel_deployment(request: HttpRequest, deployment_id: UUID) -> Any:
    """Stop it; what was live goes on. A job under way ends within seconds, and the status follows."""
    actor = actor_of(request)
    return actions.cancel(actor=actor, deployment=deployment_for(actor, deployment_id))


@router.post(
    "/deployments/{uuid:deployment_id}/mend",
    response={201: DeploymentOut},
    operation_id="mend_deployment",
    summary="Mend a failed deployment",
)
def mend_deployment(request: HttpRequest, response: HttpResponse, deployment_id: UUID) -> Any:
    """Give the service the setting of `error.remedy.change`, and deploy it again to the same environment."""
    actor = actor_of(request)
    row = mend(actor=actor, deployment=deployment_for(actor, deployment_id), trigger="api" if actor.scope else "manual")
    created(response, "get_deployment", row.pk)
    return row


@router.post(
    "/deployments/{uuid:deployment_id}/rollback",
    response={201: DeploymentOut},
    operation_id="rollback_deployment",
    summary="Undo a deployment",
)
def rollback_deployment(
    request: HttpRequest, response: HttpResponse, deployment_id: UUID, told: RollbackIn | None = None
) -> Any:
    """The release that was live before it, or `release_id`, is made live again. Pauses auto-deploy unless told not to."""
    actor = actor_of(request)
    told = told or RollbackIn()
    row = actions.rollback(actor=actor, deployment=deployment_for(actor, deployment_id), **told.model_dump())
    created(response, "get_deployment", row.pk)
    return row


@router.post(
    "/services/{uuid:service_id}/rollback",
    response={201: DeploymentOut},
    operation_id="rollback_service",
    summary="Roll a service back",
)
def rollback_service(
    request: HttpRequest, response: HttpResponse, service_id: UUID, told: ServiceRollbackIn | None = None
) -> Any:
    """To the release that was live before the one that is, or to `release_id`. Pauses auto-deploy unless told not to."""
    actor = actor_of(request)
    told = told or ServiceRollbackIn()
    service = service_for(actor, service_id)
    environment = environment_named(service.project, told.environment) or service.environment
    rows = deployments_for(actor).filter(service=service, environment=environment)
    newest = rows.filter(status=Status.LIVE).first() or rows.order_by("-number").first()
    if newest is None:
        raise UserError("rollback:user:nothing-before", "It was never deployed.", hint="Deploy it.", status=409)
    row = actions.rollback(actor=actor, deployment=newest, **told.model_dump(exclude={"environment"}))
    created(response, "get_deployment", row.pk)
    return row
