"""Eject: the Dockerfile that Slipway made, for people to keep. Read only."""

from __future__ import annotations

from typing import Any, Literal
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Router

from apps.accounts.bearer import actor_of
from apps.deployments.access import deployment_for
from apps.deployments.ejecting import ejected_of, newest_planned
from apps.deployments.models import Deployment
from apps.deployments.schemas_builds import EjectedOut
from apps.projects.access import service_for

router = Router(tags=["builds and releases"])
Format = Literal["json", "text"]
TEXT = {"responses": {200: {"content": {"text/plain": {"schema": {"type": "string"}}}}}}


@router.get(
    "/deployments/{uuid:deployment_id}/dockerfile", response=EjectedOut, operation_id="get_dockerfile",
    summary="Get the Dockerfile made for a deployment", openapi_extra=TEXT,
)  # fmt: skip
def get_dockerfile(request: HttpRequest, deployment_id: UUID, format: Format = "json") -> Any:
    """As files to own, which build anywhere; `format=text` gives the Dockerfile alone. 409 says why there is none."""
    return _told(deployment_for(actor_of(request), deployment_id), format)


@router.get(
    "/services/{uuid:service_id}/dockerfile", response=EjectedOut, operation_id="get_service_dockerfile",
    summary="Get the Dockerfile made for a service", openapi_extra=TEXT,
)  # fmt: skip
def get_service_dockerfile(request: HttpRequest, service_id: UUID, format: Format = "json") -> Any:
    """Of its newest deployment that has a plan, as that deployment's own operation tells it."""
    return _told(newest_planned(service_for(actor_of(request), service_id)), format)


def _told(row: Deployment, format: Format) -> Any:
    found = ejected_of(row)
    if format == "text":
        return HttpResponse(found.dockerfile, content_type="text/plain; charset=utf-8")
    return {
        "deployment_id": row.pk,
        "dockerfile": found.dockerfile,
        "dockerignore": found.files[".dockerignore"],
        "path": found.path,
        "folder": found.folder,
        "files": found.files,
        "notes": found.notes,
    }
