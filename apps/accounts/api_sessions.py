"""Where one is signed in, and the end of one of these sessions. The end of all is `sign_out_everywhere`."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Router, Schema
from pydantic import Field

from apps.accounts.bearer import actor_of, person_of, require_full_scope
from apps.accounts.sessions import end_session, marked, sessions_of

router = Router(tags=["account"])


class SessionOut(Schema):
    """Never its key."""

    id: UUID
    agent: str = Field(examples=["Firefox on Linux"])
    address: str | None = Field(examples=["203.0.113.7"])
    way: str = Field(description="`GitHub`, or empty for a password or a link.", examples=["GitHub"])
    is_this: bool = Field(description="The one that asks.")
    created_at: datetime
    seen_at: datetime


@router.get(
    "/auth/sessions", response=list[SessionOut], operation_id="list_sessions", summary="List where you are signed in"
)
def list_sessions(request: HttpRequest) -> Any:
    """Browsers that are signed in as you, used last first."""
    actor = actor_of(request)
    require_full_scope(actor, "see sessions")
    return marked(sessions_of(person_of(actor)), request)


@router.delete(
    "/auth/sessions/{uuid:session_id}", response={204: None}, operation_id="end_session", summary="End a session"
)
def delete_session(request: HttpRequest, session_id: UUID) -> None:
    """That browser has to sign in again; its open pages stop within seconds."""
    end_session(actor=actor_of(request), session_id=session_id)
