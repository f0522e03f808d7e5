"""Previews in the API: those of a project, one, approve, keep, redeploy, delete; what a service wants."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Query, Router, Schema
from pydantic import Field

from apps.accounts.bearer import actor_of
from apps.lib.api import Page, PageQuery, Told, paged
from apps.previews import actions
from apps.previews.access import preview_for
from apps.previews.models import DAYS, LIMIT, LONGEST, MOST, Preview, Removed, preference_of
from apps.previews.reading import Shown, shown
from apps.projects.access import project_for, service_for

router = Router(tags=["previews"])


class PreviewServiceOut(Schema):
    service_id: UUID
    name: str = Field(examples=["web"])
    status: str = Field(description="Of its newest deployment there; or waiting, refused, removed.", examples=["live"])
    reason: str = Field(description="Why it is not deployed, or failed.", examples=[""])
    url: str = Field(examples=["http://web-pr-12.apps.localhost:8080"])
    deployment_id: UUID | None


class PreviewOut(Schema):
    id: UUID
    project_id: UUID
    environment_id: UUID | None = Field(description="Null while nothing runs of it.")
    environment: str = Field(description="Its slug, or empty.", examples=["pr-12"])
    repository: str = Field(examples=["octo/shop"])
    number: int = Field(examples=[12])
    title: str = Field(examples=["Greet politely"])
    author: str = Field(examples=["octo"])
    pull_url: str = Field(examples=["https://github.com/octo/shop/pull/12"])
    branch: str = Field(examples=["polite"])
    base_branch: str = Field(examples=["main"])
    commit: str = Field(description="The newest.", examples=["4f2a9c1e0b7d5a3f6c8e1d2b4a6f8c0e2d4b6a8c"])
    is_open: bool
    is_draft: bool
    is_fork: bool
    waits_for_approval: bool = Field(description="A member who may deploy approves its newest commit.")
    approved_commit: str = Field(examples=[""])
    approved_by: str = Field(examples=["Alice"])
    expires_at: datetime | None
    removed: Removed = Field(description="Why nothing runs of it any more.", examples=[""])
    removed_at: datetime | None
    services: list[PreviewServiceOut]


class ApproveIn(Told):
    commit: str = Field(
        min_length=40, max_length=64, pattern="^[0-9a-f]+$", description="The one that was looked at.",
        examples=["4f2a9c1e0b7d5a3f6c8e1d2b4a6f8c0e2d4b6a8c"],
    )  # fmt: skip


class PreferenceOut(Schema):
    is_on: bool = Field(examples=[True])
    drafts: bool = Field(description="Of drafts too.", examples=[True])
    limit: int = Field(description="At once; more are refused.", examples=[LIMIT])
    days: int = Field(description="After the last push it is removed.", examples=[DAYS])


class PreferenceChange(Told):
    """Only what is named changes."""

    is_on: bool | None = Field(default=None, examples=[True])
    drafts: bool | None = Field(default=None, examples=[True])
    limit: int | None = Field(default=None, ge=1, le=MOST, examples=[LIMIT])
    days: int | None = Field(default=None, ge=1, le=LONGEST, examples=[DAYS])


def told_of(told: Shown) -> PreviewOut:
    row = told.preview
    return PreviewOut(
        id=row.pk,
        project_id=row.project_id,
        environment_id=row.environment_id,
        environment=row.environment.slug if row.environment else "",
        repository=row.repository.full_name,
        number=row.number,
        title=row.title,
        author=row.author,
        pull_url=told.pull_url,
        branch=row.head_branch,
        base_branch=row.base_branch,
        commit=row.head_sha,
        is_open=row.is_open,
        is_draft=row.is_draft,
        is_fork=row.is_fork,
        waits_for_approval=row.waits_for_approval,
        approved_commit=row.approved_sha,
        approved_by=row.approved_by_name,
        expires_at=row.expires_at,
        removed=Removed(row.removed),
        removed_at=row.removed_at,
        services=[
            PreviewServiceOut(
                service_id=part.service.pk,
                name=part.service.name,
                status=part.status,
                reason=part.reason,
                url=part.url,
                deployment_id=part.newest.pk if part.newest else None,
            )
            for part in told.services
        ],
    )


def _told(row: Preview) -> PreviewOut:
    return told_of(shown([row])[0])


@router.get(
    "/projects/{uuid:project_id}/previews",
    response=Page[PreviewOut],
    operation_id="list_previews",
    summary="List previews",
)
def list_previews(request: HttpRequest, project_id: UUID, query: Query[PageQuery]) -> Any:
    """Pull requests of a project's repositories and what runs of them, newest first, also those that are over."""
    project = project_for(actor_of(request), project_id)
    rows = Preview.objects.filter(project=project).select_related("repository", "environment")
    found = paged(rows, query)
    return {**found, "items": [told_of(told) for told in shown(found["items"])]}


@router.get("/previews/{uuid:preview_id}", response=PreviewOut, operation_id="get_preview", summary="Get a preview")
def get_preview(request: HttpRequest, preview_id: UUID) -> Any:
    """A pull request, and how each service stands in its environment."""
    return _told(preview_for(actor_of(request), preview_id))


@router.post(
    "/previews/{uuid:preview_id}/approve",
    response=PreviewOut,
    operation_id="approve_preview",
    summary="Approve a fork's commit",
)
def approve_preview(request: HttpRequest, preview_id: UUID, told: ApproveIn) -> Any:
    """That commit is built and run, with variables that are meant for previews only. The next push waits again."""
    actor = actor_of(request)
    return _told(actions.approve(actor=actor, preview=preview_for(actor, preview_id), commit=told.commit))


@router.post(
    "/previews/{uuid:preview_id}/keep", response=PreviewOut, operation_id="keep_preview", summary="Keep a preview"
)
def keep_preview(request: HttpRequest, preview_id: UUID) -> Any:
    """For as long again as after a push; one that was removed comes back while its pull request is open."""
    actor = actor_of(request)
    return _told(actions.keep(actor=actor, preview=preview_for(actor, preview_id)))


@router.post(
    "/previews/{uuid:preview_id}/redeploy",
    response=PreviewOut,
    operation_id="redeploy_preview",
    summary="Redeploy a preview",
)
def redeploy_preview(request: HttpRequest, preview_id: UUID) -> Any:
    """The newest commit once more, in every service that wants it."""
    actor = actor_of(request)
    return _told(actions.redeploy(actor=actor, preview=preview_for(actor, preview_id)))


@router.delete(
    "/previews/{uuid:preview_id}", response={204: None}, operation_id="delete_preview", summary="Delete a preview"
)
def delete_preview(request: HttpRequest, preview_id: UUID) -> None:
    """What runs of it goes, with its own variables and disks. A push to the pull request, or keeping it, brings it back."""
    actor = actor_of(request)
    actions.delete(actor=actor, preview=preview_for(actor, preview_id))


@router.get(
    "/services/{uuid:service_id}/previews",
    response=PreferenceOut,
    operation_id="get_preview_settings",
    summary="Get what a service wants of pull requests",
)
def get_preview_settings(request: HttpRequest, service_id: UUID) -> Any:
    """Only services that are connected to a repository of GitHub have previews."""
    return preference_of(service_for(actor_of(request), service_id))


@router.patch(
    "/services/{uuid:service_id}/previews",
    response=PreferenceOut,
    operation_id="change_preview_settings",
    summary="Change what a service wants of pull requests",
)
def change_preview_settings(request: HttpRequest, service_id: UUID, told: PreferenceChange) -> Any:
    """Turned off, the service leaves all its previews. Turned on, the next push to a pull request makes its preview."""
    actor = actor_of(request)
    changes = {name: value for name, value in told.model_dump(exclude_unset=True).items() if value is not None}
    return actions.set_preference(actor=actor, service=service_for(actor, service_id), **changes)
