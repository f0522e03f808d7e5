"""Variables of projects and services. A secret's value goes in and never comes out."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpRequest
from ninja import Query, Router

from apps.accounts.access import Actor, not_found
from apps.accounts.bearer import actor_of
from apps.lib.api import Page, PageQuery, paged
from apps.lib.dotenv import parse_variables
from apps.projects import actions
from apps.projects.access import project_for, service_for, variable_for
from apps.projects.models import Environment, Project, Service, Variable, scoped
from apps.projects.schemas import VariableOut, VariablesIn, environment_of, told_to

router = Router(tags=["variables"])


def variables_for(actor: Actor) -> QuerySet[Variable]:
    return scoped(Variable, actor, "project__team").select_related("project", "environment", "service")


def environment_named(project: Project, name: str | None) -> Environment | None:
    """By slug or id; 404 for one that the project does not have."""
    found = environment_of(project, name)
    if name is not None and found is None:
        raise not_found("environment")
    return found


def _page(actor: Actor, rows: QuerySet[Variable], query: PageQuery) -> dict[str, Any]:
    found = paged(rows, query)
    return {**found, "items": [told_to(actor, row) for row in found["items"]]}


def _set(actor: Actor, told: VariablesIn, project: Project, service: Service | None) -> list[VariableOut]:
    rows = actions.set_variables(
        actor=actor,
        project=project,
        service=service,
        environment=environment_named(project, told.environment),
        values={**parse_variables(told.text), **told.values},
        secret=told.is_secret,
    )
    return [told_to(actor, row) for row in rows]


@router.get(
    "/projects/{uuid:project_id}/variables",
    response=Page[VariableOut],
    operation_id="list_project_variables",
    summary="List a project's variables",
)
def list_project_variables(request: HttpRequest, project_id: UUID, query: Query[PageQuery]) -> Any:
    """All of a project: its own and those of its services. Values are left out for secrets, and for viewers."""
    actor = actor_of(request)
    project = project_for(actor, project_id)
    return _page(actor, variables_for(actor).filter(project=project), query)


@router.post(
    "/projects/{uuid:project_id}/variables",
    response=list[VariableOut],
    operation_id="set_project_variables",
    summary="Set a project's variables",
)
def set_project_variables(request: HttpRequest, project_id: UUID, told: VariablesIn) -> Any:
    """For all services of the project. Others stay as they are; the next deployment takes the new ones."""
    actor = actor_of(request)
    return _set(actor, told, project_for(actor, project_id), None)


@router.get(
    "/services/{uuid:service_id}/variables",
    response=Page[VariableOut],
    operation_id="list_service_variables",
    summary="List a service's variables",
)
def list_service_variables(request: HttpRequest, service_id: UUID, query: Query[PageQuery]) -> Any:
    """Those of the service itself. Those of its project apply to it too."""
    actor = actor_of(request)
    service = service_for(actor, service_id)
    return _page(actor, variables_for(actor).filter(service=service), query)


@router.post(
    "/services/{uuid:service_id}/variables",
    response=list[VariableOut],
    operation_id="set_service_variables",
    summary="Set a service's variables",
)
def set_service_variables(request: HttpRequest, service_id: UUID, told: VariablesIn) -> Any:
    """`values`, or a pasted .env file as `text`. Others stay as they are; the next deployment takes the new ones."""
    actor = actor_of(request)
    service = service_for(actor, service_id)
    return _set(actor, told, service.project, service)


@router.get(
    "/variables/{uuid:variable_id}", response=VariableOut, operation_id="get_variable", summary="Get a variable"
)
def get_variable(request: HttpRequest, variable_id: UUID) -> Any:
    """One variable; the value of a secret is never told."""
    actor = actor_of(request)
    return told_to(actor, variable_for(actor, variable_id))


@router.delete(
    "/variables/{uuid:variable_id}",
    response={204: None},
    operation_id="delete_variable",
    summary="Delete a variable",
)
def delete_variable(request: HttpRequest, variable_id: UUID) -> None:
    """The next deployment is without it."""
    actor = actor_of(request)
    actions.delete_variable(actor=actor, variable=variable_for(actor, variable_id))
