"""Services as the API shows them, with how they stand; whole apps in one call; deleting projects."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from ninja import Query, Router

from apps.accounts.bearer import actor_of
from apps.accounts.policy import Permission
from apps.deployments import actions, environments, sources
from apps.deployments.models import Deployment
from apps.deployments.overview import overviews
from apps.deployments.schemas_services import (
    AppIn,
    AppOut,
    ServiceChange,
    ServiceIn,
    ServiceOut,
    ServiceQuery,
    Settings,
    shown,
)
from apps.github.choices import choice_named
from apps.lib.api import Page, created, paged
from apps.projects import actions as projects
from apps.projects.access import project_for, service_for
from apps.projects.api import environment_for, team_meant
from apps.projects.api import router as project_router
from apps.projects.environments import environment_or_production
from apps.projects.models import Environment, Service
from apps.projects.schemas import EnvironmentQuery

router = Router(tags=["services"])


def _shown(service: Service, environment: Environment | None = None) -> ServiceOut:
    return shown(service, overviews([service], environment)[service.pk])


@router.post("/apps", response={201: AppOut}, operation_id="create_app", summary="Create and deploy an app")
def create_app(request: HttpRequest, response: HttpResponse, told: AppIn) -> Any:
    """Everything at once, in one transaction: it is all there and being deployed, or nothing has changed."""
    actor = actor_of(request)
    team = team_meant(actor, told.team_id)
    settings = told.model_dump(include={*Settings.model_fields, "source_url", "source_token"})
    choice = None
    if told.repository:
        actor.require(Permission.WRITE_SERVICE, team.pk)
        choice = choice_named(actor, told.repository)
        settings |= {} if "branch" in told.model_fields_set else {"branch": choice.default_branch}
    deployment = actions.create_app(
        actor=actor,
        team=team,
        project=told.project,
        service=told.name,
        settings=settings,
        repository=choice,
        variables=told.variables,
        secrets=told.secrets,
        domains=told.domains,
        volumes=told.volumes,
        trigger="api" if actor.scope else "manual",
    )
    created(response, "get_service", deployment.service_id)
    found = Deployment.objects.with_names().get(pk=deployment.pk)
    return {"service": _shown(found.service), "deployment": found}


@router.get("/services", response=Page[ServiceOut], operation_id="list_services", summary="List services")
def list_services(request: HttpRequest, query: Query[ServiceQuery]) -> Any:
    """The services of your teams, of one project, or of one name, each with how it stands."""
    rows = Service.objects.visible_to(actor_of(request))
    rows = rows.filter(project=query.project_id) if query.project_id else rows
    rows = rows.filter(Q(name=query.name) | Q(slug=query.name)) if query.name else rows
    found = paged(rows, query)
    standing = overviews(found["items"])
    return {**found, "items": [shown(service, standing[service.pk]) for service in found["items"]]}


@router.post(
    "/projects/{uuid:project_id}/services",
    response={201: ServiceOut},
    operation_id="create_service",
    summary="Create a service",
)
def create_service(request: HttpRequest, response: HttpResponse, project_id: UUID, told: ServiceIn) -> Any:
    """A service that is not deployed yet, with a host name of its own beneath the base domain."""
    actor = actor_of(request)
    row = projects.create_service(actor=actor, project=project_for(actor, project_id), **told.model_dump())
    created(response, "get_service", row.pk)
    return _shown(row)


@router.get("/services/{uuid:service_id}", response=ServiceOut, operation_id="get_service", summary="Get a service")
def get_service(request: HttpRequest, service_id: UUID, query: Query[EnvironmentQuery]) -> Any:
    """Its settings; and in one environment its status, addresses, live release and what runs of it."""
    service = service_for(actor_of(request), service_id)
    return _shown(service, environment_or_production(service, query.environment))


@router.patch(
    "/services/{uuid:service_id}", response=ServiceOut, operation_id="change_service", summary="Change a service"
)
def change_service(request: HttpRequest, service_id: UUID, told: ServiceChange) -> Any:
    """Only what is named changes. It takes effect with the next deployment. A `source_url` of its own disconnects it from
    GitHub."""
    actor = actor_of(request)
    changes = told.model_dump(exclude_unset=True)
    return _shown(sources.change_service(actor=actor, service=service_for(actor, service_id), **changes))


@router.delete(
    "/services/{uuid:service_id}", response={204: None}, operation_id="delete_service", summary="Delete a service"
)
def delete_service(request: HttpRequest, service_id: UUID, confirm: str = "") -> None:
    """Its containers, routes, images and history go; volumes are kept. `confirm` is its name."""
    actor = actor_of(request)
    actions.delete_service(actor=actor, service=service_for(actor, service_id), confirm=confirm)


@router.post(
    "/services/{uuid:service_id}/resume",
    response=ServiceOut,
    operation_id="resume_auto_deploy",
    summary="Resume auto-deploy",
)
def resume_auto_deploy(request: HttpRequest, service_id: UUID) -> Any:
    """Pushes deploy again. A rollback had paused that."""
    actor = actor_of(request)
    return _shown(actions.resume_auto_deploy(actor=actor, service=service_for(actor, service_id)))


# On the router that has the address's other methods: an address belongs to one.
@project_router.delete(
    "/environments/{uuid:environment_id}",
    response={204: None},
    operation_id="delete_environment",
    summary="Delete an environment",
)
def delete_environment(request: HttpRequest, environment_id: UUID, confirm: str = "") -> None:
    """All that runs in it, its variables and history go, and its volumes with their data. `confirm` is its slug."""
    actor = actor_of(request)
    environments.delete_environment(actor=actor, environment=environment_for(actor, environment_id), confirm=confirm)


@project_router.delete(
    "/projects/{uuid:project_id}", response={204: None}, operation_id="delete_project", summary="Delete a project"
)
def delete_project(request: HttpRequest, project_id: UUID, confirm: str = "") -> None:
    """With all its services. `confirm` is its name. Refused while it keeps volumes."""
    actor = actor_of(request)
    actions.delete_project(actor=actor, project=project_for(actor, project_id), confirm=confirm)
