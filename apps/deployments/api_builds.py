"""Builds and releases: what was made, and what can be brought back. Read only."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Query, Router

from apps.accounts.access import Actor
from apps.accounts.bearer import actor_of, one
from apps.deployments.access import deployment_for
from apps.deployments.models import Build, Release
from apps.deployments.planned import plan_of
from apps.deployments.resources import resources_for
from apps.deployments.schemas_builds import BuildOut, OfService, PlanOut, ReleaseOut
from apps.lib.api import Page, paged
from apps.projects.models import scoped

router = Router(tags=["builds and releases"])


def releases_for(actor: Actor) -> Any:
    """Without the values of their variables."""
    rows = scoped(Release, actor, "service__project__team").select_related("build", "environment")
    return rows.defer("variables")


@router.get("/builds", response=Page[BuildOut], operation_id="list_builds", summary="List builds")
def list_builds(request: HttpRequest, query: Query[OfService]) -> Any:
    """Images made of your services' commits, newest first."""
    rows = scoped(Build, actor_of(request), "service__project__team")
    return paged(rows.filter(service=query.service_id) if query.service_id else rows, query)


@router.get("/builds/{uuid:build_id}", response=BuildOut, operation_id="get_build", summary="Get a build")
def get_build(request: HttpRequest, build_id: UUID) -> Any:
    """One image: of which commit, how large, how long it took."""
    return one(scoped(Build, actor_of(request), "service__project__team"), "build", build_id)


@router.get(
    "/deployments/{uuid:deployment_id}/plan", response=PlanOut, operation_id="get_plan",
    summary="Get how a deployment was built",
)  # fmt: skip
def get_plan(request: HttpRequest, deployment_id: UUID) -> Any:
    """Each value of its plan and where it came from; none while it was not looked at. Kept when the build failed too."""
    row = deployment_for(actor_of(request), deployment_id)
    plan = row.built_as
    told = {name: plan.get(name) or "" for name in ("language", "framework")}
    values, resources = ([asdict(one) for one in found] for found in (plan_of(row), resources_for(row)))
    return {**told, "values": values, "resources": resources, "reasons": plan.get("reasons", [])}


@router.get("/releases", response=Page[ReleaseOut], operation_id="list_releases", summary="List releases")
def list_releases(request: HttpRequest, query: Query[OfService]) -> Any:
    """Releases of your services, newest first. Those that served and are kept can be rolled back to."""
    rows = releases_for(actor_of(request))
    return paged(rows.filter(service=query.service_id) if query.service_id else rows, query)


@router.get("/releases/{uuid:release_id}", response=ReleaseOut, operation_id="get_release", summary="Get a release")
def get_release(request: HttpRequest, release_id: UUID) -> Any:
    """One release: its image, its processes and the names of its variables."""
    return one(releases_for(actor_of(request)), "release", release_id)
