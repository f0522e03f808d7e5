"""Projects and their environments. Deleting a project, which stops what runs, is in `apps.deployments`."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from ninja import Query, Router

from apps.accounts.access import Actor, team_for
from apps.accounts.bearer import actor_of, one
from apps.accounts.models import Team
from apps.lib.api import Page, PageQuery, created, paged
from apps.projects import actions
from apps.projects.access import project_for
from apps.projects.models import Environment, Project, scoped
from apps.projects.schemas import (
    EnvironmentIn,
    EnvironmentOut,
    ProjectChange,
    ProjectIn,
    ProjectOut,
    ProjectQuery,
)
from workers.errors import UserError

router = Router(tags=["projects"])


def environment_for(actor: Actor, pk: UUID) -> Environment:
    rows: QuerySet[Environment] = scoped(Environment, actor, "project__team")
    return one(rows, "environment", pk)


def team_meant(actor: Actor, pk: UUID | None) -> Team:
    """The team that is named, or the only one the actor is in."""
    if pk is not None:
        return team_for(actor, pk)
    if len(actor.teams) != 1:
        raise UserError("team:user:unclear", "You are in more than one team, or none.", hint="Add team_id.", status=422)
    return team_for(actor, actor.teams[0])


@router.get("/projects", response=Page[ProjectOut], operation_id="list_projects", summary="List projects")
def list_projects(request: HttpRequest, query: Query[ProjectQuery]) -> Any:
    """The projects of your teams, or of one of them."""
    rows = scoped(Project, actor_of(request), "team").select_related("team")
    return paged(rows.filter(team=query.team_id) if query.team_id else rows, query)


@router.post("/projects", response={201: ProjectOut}, operation_id="create_project", summary="Create a project")
def create_project(request: HttpRequest, response: HttpResponse, told: ProjectIn) -> Any:
    """An empty project with its environment `production`. `POST /apps` makes one with all that is in it."""
    actor = actor_of(request)
    row = actions.create_project(actor=actor, team=team_meant(actor, told.team_id), name=told.name)
    created(response, "get_project", row.pk)
    return row


@router.get("/projects/{uuid:project_id}", response=ProjectOut, operation_id="get_project", summary="Get a project")
def get_project(request: HttpRequest, project_id: UUID) -> Any:
    """One project of your teams."""
    return project_for(actor_of(request), project_id)


@router.patch(
    "/projects/{uuid:project_id}", response=ProjectOut, operation_id="rename_project", summary="Rename a project"
)
def rename_project(request: HttpRequest, project_id: UUID, told: ProjectChange) -> Any:
    """Its name changes; its slug, and so its addresses, stay."""
    actor = actor_of(request)
    return actions.rename_project(actor=actor, project=project_for(actor, project_id), name=told.name)


@router.get(
    "/projects/{uuid:project_id}/environments",
    response=Page[EnvironmentOut],
    operation_id="list_environments",
    summary="List environments",
)
def list_environments(request: HttpRequest, project_id: UUID, query: Query[PageQuery]) -> Any:
    """The environments of a project: production, and others with their own variables, domains and data."""
    project = project_for(actor_of(request), project_id)
    return paged(project.environments.all(), query)


@router.post(
    "/projects/{uuid:project_id}/environments",
    response={201: EnvironmentOut},
    operation_id="create_environment",
    summary="Create an environment",
)
def create_environment(request: HttpRequest, response: HttpResponse, project_id: UUID, told: EnvironmentIn) -> Any:
    """Another environment of a project, such as staging."""
    actor = actor_of(request)
    row = actions.create_environment(
        actor=actor, project=project_for(actor, project_id), name=told.name, branch=told.branch
    )
    created(response, "get_environment", row.pk)
    return row


@router.get(
    "/environments/{uuid:environment_id}",
    response=EnvironmentOut,
    operation_id="get_environment",
    summary="Get an environment",
)
def get_environment(request: HttpRequest, environment_id: UUID) -> Any:
    """One environment of your projects."""
    return environment_for(actor_of(request), environment_id)
