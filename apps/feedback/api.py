"""Feedback in the API: how much of a service GitHub is told, what it was told, what waits."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Router, Schema
from pydantic import Field

from apps.accounts.access import Actor
from apps.accounts.bearer import actor_of
from apps.accounts.installation import require_operator
from apps.deployments.access import deployment_for
from apps.feedback import actions
from apps.feedback.models import Mode
from apps.feedback.reading import links_of, news_for, waiting
from apps.feedback.truth import mode_of_service
from apps.github.models import Connection
from apps.lib.api import Told as Body
from apps.projects.access import service_for
from apps.projects.models import Service

router = Router(tags=["GitHub"])


class ModeOut(Schema):
    mode: Mode = Field(
        description="all: deployments, commit statuses and comments; statuses: commit statuses only; off: nothing.",
        examples=["all"],
    )
    may_tell: bool = Field(
        description="False: whoever connected the repository may not push to it. `mode` is off then, until somebody who "
        "may push chooses another."
    )


class ModeIn(Body):
    mode: Mode = Field(examples=["statuses"])


class FeedbackOut(Schema):
    """Empty for a deployment that is not from GitHub, or of which GitHub was told nothing."""

    repository: str = Field(examples=["octo/shop"])
    commit_url: str = Field(examples=["https://github.com/octo/shop/commit/4f2a9c1"])
    deployments_url: str = Field(examples=["https://github.com/octo/shop/deployments"])
    pull_url: str = Field(examples=["https://github.com/octo/shop/pull/12"])
    environment: str = Field(description="As GitHub lists it.", examples=["production"])
    state: str = Field(description="Of the deployment there.", examples=["success"])
    commit_status: str = Field(examples=["success"])
    told_at: datetime | None
    is_waiting: bool = Field(description="There is more to tell.")
    error: str = Field(description="Why it was not told yet, or is not told any more.", examples=[""])


class WaitingOut(Schema):
    """Names and times only: being an operator opens no team."""

    id: UUID
    what: str = Field(examples=["shop/web #12"])
    repository: str = Field(examples=["octo/shop"])
    is_over: bool = Field(description="It was given up; a later change, or trying it now, tells it again.")
    error: str = Field(examples=["GitHub did not answer (502)."])
    attempts: int
    next_try_at: datetime | None
    created_at: datetime


@router.get(
    "/services/{uuid:service_id}/feedback",
    response=ModeOut,
    operation_id="get_feedback_mode",
    summary="Get what GitHub is told of a service",
)
def get_mode(request: HttpRequest, service_id: UUID) -> Any:
    """Only services from GitHub tell it anything."""
    return _mode(service_for(actor_of(request), service_id))


@router.patch(
    "/services/{uuid:service_id}/feedback",
    response=ModeOut,
    operation_id="change_feedback_mode",
    summary="Choose what GitHub is told of a service",
)
def change_mode(request: HttpRequest, service_id: UUID, told: ModeIn) -> Any:
    """From the next deployment on. Where `may_tell` is false, GitHub is asked whether you may push."""
    actor = actor_of(request)
    service = service_for(actor, service_id)
    actions.set_mode(actor=actor, service=service, mode=told.mode)
    return _mode(service)


def _mode(service: Service) -> dict[str, Any]:
    is_silent = Connection.objects.filter(service=service, may_tell=False).exists()
    return {"mode": mode_of_service(service.pk), "may_tell": not is_silent}


@router.get(
    "/deployments/{uuid:deployment_id}/feedback",
    response=FeedbackOut,
    operation_id="get_feedback",
    summary="Get what GitHub was told of a deployment",
)
def get_feedback(request: HttpRequest, deployment_id: UUID) -> Any:
    """With the addresses there."""
    links = links_of(deployment_for(actor_of(request), deployment_id))
    told = links.told if links else None
    return {
        "repository": links.repository if links else "",
        "commit_url": links.commit if links else "",
        "deployments_url": links.deployments if links else "",
        "pull_url": links.pull if links else "",
        "environment": told.environment if told else "",
        "state": told.state if told else "",
        "commit_status": told.status if told else "",
        "told_at": told.told_at if told else None,
        "is_waiting": told.is_due if told else False,
        "error": (told.over_reason or told.last_error) if told else "",
    }


@router.get(
    "/operator/feedback",
    response=list[WaitingOut],
    operation_id="list_feedback",
    summary="List what GitHub is still to be told",
)
def list_waiting(request: HttpRequest) -> Any:
    """And what was given up, of all teams, at most 200. For operators."""
    _reader(actor_of(request))
    return waiting()


@router.post(
    "/operator/feedback/{uuid:news_id}/try",
    response={204: None},
    operation_id="try_feedback",
    summary="Tell GitHub now",
)
def try_now(request: HttpRequest, news_id: UUID) -> None:
    """Without waiting for the next attempt. For operators."""
    actor = actor_of(request)
    actions.try_now(actor=actor, news=news_for(actor, news_id))


def _reader(actor: Actor) -> None:
    """Looking needs no wider scope than reading."""
    if actor.user is None or not actor.user.is_staff:
        require_operator(actor, "see what waits for GitHub")
