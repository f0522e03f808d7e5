"""Sources: repositories to pick, a look into one before anything is made, and where a service comes from."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Query, Router

from apps.accounts.access import Actor
from apps.accounts.bearer import actor_of, require_full_scope
from apps.accounts.policy import Permission
from apps.deployments.access import teams_for_writer
from apps.deployments.importing import Found, look_at_address, look_at_repository
from apps.deployments.looking import look_at_service
from apps.deployments.picker import picker_of
from apps.deployments.resources import resources_of
from apps.deployments.schemas_services import shown_url
from apps.deployments.schemas_source import (
    AnalyzeIn,
    AnalyzeOut,
    ConnectIn,
    RepositoriesOut,
    RepositoriesQuery,
    SourceOut,
)
from apps.deployments.sources import source_of
from apps.github.choices import choice_named
from apps.github.connections import connect, disconnect
from apps.projects.access import service_for, service_for_writer
from apps.projects.models import Service
from apps.projects.source_keys import forget_host_key, renew_key

router = Router(tags=["sources"])


@router.get(
    "/github/repositories",
    response=RepositoriesOut,
    operation_id="list_github_repositories",
    summary="List repositories to pick",
)
def list_github_repositories(request: HttpRequest, query: Query[RepositoriesQuery]) -> Any:
    """Those that GitHub lists for you and the GitHub App may see, the one pushed to last first."""
    actor = actor_of(request)
    require_full_scope(actor, "list your repositories at GitHub")
    told = {"q": query.q, "account": query.account, "page": str(query.page), "fresh": "1" if query.fresh else ""}
    picker = picker_of(actor, told)
    problem = picker.problem.as_dict() if picker.problem else None
    picked = {name: getattr(picker, name) for name in ("state", "total", "page", "pages", "accounts", "account")}
    return {
        **picked,
        "items": picker.rows,
        "install_url": picker.app.install_url if picker.app else "",
        "problem": problem,
    }


@router.post("/analyze", response=AnalyzeOut, operation_id="analyze", summary="Look into a repository")
def analyze(request: HttpRequest, told: AnalyzeIn) -> Any:
    """What it is, how it would be built and started, and why. Nothing is made, and nothing of it is run."""
    actor = actor_of(request)
    teams_for_writer(actor)
    asked, variables = told.model_dump(exclude={"variables"}), told.variables
    if told.repository:
        return _told(look_at_repository(actor, choice_named(actor, told.repository), asked, variables=variables))
    return _told(look_at_address(actor, asked, variables=variables))


@router.post(
    "/services/{uuid:service_id}/analyze",
    response=AnalyzeOut,
    operation_id="analyze_service",
    summary="Look into a service's source",
)
def analyze_service(request: HttpRequest, service_id: UUID) -> Any:
    """As its next build would see it, with its settings and variables in production. Nothing is made or run."""
    actor, service = _writable(request, service_id)
    return _told(look_at_service(actor, service), service)


def _told(found: Found, service: Service | None = None) -> dict[str, Any]:
    picked = found.get("picked", {})
    return {
        **{name: found[name] for name in ("commit", "message", "plan", "compose", "compose_problem")},
        "resources": [asdict(one) for one in resources_of(service or Service())],
        "branch": found["where"]["branch"],
        "problem": found.get("problem"),
        "root_directories": picked.get("roots", []),
        "branches": picked.get("branches", []),
    }


@router.get(
    "/services/{uuid:service_id}/source",
    response=SourceOut,
    operation_id="get_source",
    summary="Get a service's source",
)
def get_source(request: HttpRequest, service_id: UUID) -> Any:
    """Where its code comes from, what is wrong with that, and the deploy key of one that is read by ssh."""
    return _source(service_for(actor_of(request), service_id))


@router.put(
    "/services/{uuid:service_id}/repository",
    response=SourceOut,
    operation_id="connect_repository",
    summary="Connect a repository of GitHub",
)
def connect_repository(request: HttpRequest, service_id: UUID, told: ConnectIn) -> Any:
    """From now on the service comes from it: pushes deploy, and private code is read with the GitHub App."""
    actor, service = _writable(request, service_id)
    connect(actor=actor, service=service, choice=choice_named(actor, told.repository), branch=told.branch)
    return _source(service)


@router.delete(
    "/services/{uuid:service_id}/repository",
    response=SourceOut,
    operation_id="disconnect_repository",
    summary="Disconnect from GitHub",
)
def disconnect_repository(request: HttpRequest, service_id: UUID) -> Any:
    """It keeps the repository's address as a plain one. What runs goes on."""
    actor, service = _writable(request, service_id)
    return _source(disconnect(actor=actor, service=service))


@router.post(
    "/services/{uuid:service_id}/deploy-key",
    response=SourceOut,
    operation_id="renew_deploy_key",
    summary="Make a new deploy key",
)
def renew_deploy_key(request: HttpRequest, service_id: UUID) -> Any:
    """Its public part must be given to the repository before the next fetch."""
    actor, service = _writable(request, service_id)
    return _source(renew_key(actor=actor, service=service))


@router.delete(
    "/services/{uuid:service_id}/host-key",
    response=SourceOut,
    operation_id="forget_host_key",
    summary="Forget the git server's key",
)
def forget_server_key(request: HttpRequest, service_id: UUID) -> Any:
    """The next fetch pins the key that it meets: for when the server's operator changed it."""
    actor, service = _writable(request, service_id)
    return _source(forget_host_key(actor=actor, service=service))


def _writable(request: HttpRequest, service_id: UUID) -> tuple[Actor, Service]:
    actor = actor_of(request)
    return actor, service_for_writer(actor, service_id, Permission.WRITE_SERVICE)


def _source(service: Service) -> dict[str, Any]:
    return SourceOut.of(source_of(service), shown_url(service.source_url))
