"""Previews in the API: those of a project, one, approve, keep, redeploy, delete; what a service wants."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Query, Router

from apps.accounts.bearer import actor_of
from apps.lib.api import Page, PageQuery, paged
from apps.previews import actions
from apps.previews.access import preview_for
from apps.previews.models import Preview, preference_of
from apps.previews.preferences import set_preference
from apps.previews.reading import shown
from apps.previews.schemas import ApproveIn, PreferenceChange, PreferenceOut, PreviewOut, told_of
from apps.projects.access import project_for, service_for

router = Router(tags=["previews"])


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
    """Turned off, the service leaves all its previews. Turned on, open pull requests get theirs within a minute."""
    actor = actor_of(request)
    changes = {name: value for name, value in told.model_dump(exclude_unset=True).items() if value is not None}
    return set_preference(actor=actor, service=service_for(actor, service_id), **changes)
