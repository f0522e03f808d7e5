"""Variables of projects and services. A secret's value goes in and never comes out."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpRequest
from ninja import Query, Router

from apps.accounts.access import Actor
from apps.accounts.bearer import actor_of
from apps.accounts.policy import Permission
from apps.lib.api import Page, PageQuery, paged
from apps.lib.dotenv import parse_variables
from apps.projects.access import project_for, service_for, variable_for, variable_for_writer
from apps.projects.environments import environment_named, environment_or_production
from apps.projects.given import problems_of, resolver_of
from apps.projects.models import Project, Service, Variable, scoped
from apps.projects.paste import Place, preview
from apps.projects.schemas import EnvironmentQuery
from apps.projects.schemas_variables import (
    PreviewIn,
    PreviewLine,
    PreviewOut,
    ReferenceOut,
    ReferencesOut,
    VariableChange,
    VariableOut,
    VariablesIn,
    WrongLine,
    told_to,
)
from apps.projects.variables import change_variable, delete_variable, restore_variable, set_variables
from workers.errors import UserError

router = Router(tags=["variables"])


def variables_for(actor: Actor) -> QuerySet[Variable]:
    return scoped(Variable, actor, "project__team").select_related("project", "environment", "service")


def _page(actor: Actor, rows: QuerySet[Variable], query: PageQuery) -> dict[str, Any]:
    found = paged(rows, query)
    return {**found, "items": [told_to(actor, row) for row in found["items"]]}


def _set(actor: Actor, told: VariablesIn, project: Project, service: Service | None) -> list[VariableOut]:
    environment = environment_named(project, told.environment)
    values = {**parse_variables(told.text), **told.values}
    place = Place(project, service, environment, told.for_previews)
    rows = set_variables(actor=actor, project=project, values=values, secret=told.is_secret, **place.scope)
    services = [service] if service else list(project.services.all())
    problems = problems_of(rows, services, environment or project.production)
    return [told_to(actor, row, warning=_said(problems.get(row.name))) for row in rows]


def _said(error: UserError | None) -> str:
    return f"{error.message} {error.hint}" if error else ""


def _preview(actor: Actor, told: PreviewIn, project: Project, service: Service | None) -> dict[str, Any]:
    actor.require(Permission.WRITE_VARIABLES, project.team_id)
    place = Place(project, service, environment_named(project, told.environment), told.for_previews)
    found, _ = preview(place, told.text, secret=told.is_secret)
    lines = [
        PreviewLine(name=line.name, change=line.kind, line=line.line, is_secret=line.is_secret,
                    sounds_secret=line.sounds_secret)
        for line in found.lines
    ]  # fmt: skip
    wrong = [
        WrongLine(line=row.line, code=row.error.code, message=row.error.message, hint=row.error.hint)
        for row in found.wrong
    ]
    return {"summary": found.title, "lines": lines, "wrong": wrong}


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


@router.post(
    "/projects/{uuid:project_id}/variables/preview",
    response=PreviewOut,
    operation_id="preview_project_variables",
    summary="Preview a project's variables",
)
def preview_project_variables(request: HttpRequest, project_id: UUID, told: PreviewIn) -> Any:
    """What a .env file or a JSON object would change, and which of its lines are wrong. Saves nothing."""
    actor = actor_of(request)
    return _preview(actor, told, project_for(actor, project_id), None)


@router.post(
    "/services/{uuid:service_id}/variables/preview",
    response=PreviewOut,
    operation_id="preview_service_variables",
    summary="Preview a service's variables",
)
def preview_service_variables(request: HttpRequest, service_id: UUID, told: PreviewIn) -> Any:
    """What a .env file or a JSON object would change, and which of its lines are wrong. Saves nothing."""
    actor = actor_of(request)
    service = service_for(actor, service_id)
    return _preview(actor, told, service.project, service)


@router.get(
    "/services/{uuid:service_id}/references",
    response=ReferencesOut,
    operation_id="list_references",
    summary="List what variables can refer to",
)
def list_references(request: HttpRequest, service_id: UUID, query: Query[EnvironmentQuery]) -> Any:
    """Names for `${{service.NAME}}` in variables of this service: those of all services of its project."""
    service = service_for(actor_of(request), service_id)
    resolver = resolver_of(service.project_id, environment_or_production(service, query.environment))
    items = []
    for slug in sorted(resolver.given, key=lambda slug: (slug == service.slug, slug)):
        for name in resolver.names_of(slug):
            given = resolver.given[slug].get(name)
            items.append(
                ReferenceOut(
                    reference=f"{slug}.{name}", is_secret=bool(given and given.is_secret), is_built_in=given is None
                )
            )
    return {"items": items}


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


@router.patch(
    "/variables/{uuid:variable_id}", response=VariableOut, operation_id="change_variable", summary="Change a variable"
)
def update_variable(request: HttpRequest, variable_id: UUID, told: VariableChange) -> Any:
    """Another name, another value, or secret from now on. A secret never becomes plain again."""
    actor = actor_of(request)
    row = change_variable(
        actor=actor, variable=variable_for(actor, variable_id), name=told.name, value=told.value, secret=told.is_secret
    )
    return told_to(actor, row)


@router.post(
    "/variables/{uuid:variable_id}/restore",
    response=VariableOut,
    operation_id="restore_variable",
    summary="Bring a deleted variable back",
)
def undelete_variable(request: HttpRequest, variable_id: UUID) -> Any:
    """Within ten minutes of its deletion."""
    actor = actor_of(request)
    return told_to(actor, restore_variable(actor=actor, variable=variable_for_writer(actor, variable_id, deleted=True)))


@router.delete(
    "/variables/{uuid:variable_id}",
    response={204: None},
    operation_id="delete_variable",
    summary="Delete a variable",
)
def remove_variable(request: HttpRequest, variable_id: UUID) -> None:
    """The next deployment is without it. For ten minutes it can be brought back."""
    actor = actor_of(request)
    delete_variable(actor=actor, variable=variable_for(actor, variable_id))
