"""One's own GitHub account, and who may sign in. Signing in and linking need a browser: they lead to GitHub's page."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Router, Schema
from pydantic import Field

from apps.accounts.access import not_found
from apps.accounts.bearer import actor_of
from apps.accounts.installation import is_operator, require_operator
from apps.accounts.newcomers import Allowed, Policy, change_policy, policy
from apps.accounts.policy import Newcomers, Role, SignIn, TeamMakers
from apps.github.admission import looked_up
from apps.github.identities import unlink
from apps.github.models import Identity
from apps.lib.api import Told

router = Router(tags=["account"])


class IdentityOut(Schema):
    """Never its token."""

    github_id: int = Field(examples=[583231])
    login: str = Field(examples=["octocat"])
    avatar_url: str
    created_at: datetime


class AllowedOut(Schema):
    id: int = Field(description="GitHub's numeric id; 0 when the environment names it.", examples=[583231])
    login: str = Field(examples=["acme"])
    type: str = Field(examples=["Organization"])


class SignInPolicyOut(Schema):
    sign_in: SignIn = Field(examples=["invited"])
    allowed: list[AllowedOut]
    is_fixed: bool = Field(description="The environment says it (SLIPWAY_SIGN_IN).")
    newcomers: Newcomers = Field(examples=["own"])
    team_id: UUID | None
    role: Role = Field(examples=["developer"])
    team_makers: TeamMakers = Field(examples=["everyone"])
    contact: str = Field(examples=["platform@example.com"])


class SignInPolicyIn(Told):
    """What is left out stays."""

    sign_in: SignIn | None = Field(default=None, examples=["invited"])
    allowed: list[str] | str | None = Field(
        default=None, description="Names at GitHub: a list, or a text with one a line.", examples=[[]]
    )
    newcomers: Newcomers | None = Field(default=None, examples=["own"])
    team_id: UUID | None = None
    role: Role | None = Field(default=None, examples=["developer"])
    team_makers: TeamMakers | None = Field(default=None, examples=["everyone"])
    contact: str | None = Field(default=None, max_length=200, examples=["platform@example.com"])


@router.get("/auth/github", response=IdentityOut, operation_id="get_github_account", summary="Your GitHub account")
def get_github_account(request: HttpRequest) -> Any:
    """The one that is linked to yours; 404 when there is none."""
    row = Identity.objects.filter(user=actor_of(request).user).first()
    if row is None:
        raise not_found("linked GitHub account")
    return row


@router.delete("/auth/github", response={204: None}, operation_id="unlink_github", summary="Unlink your GitHub account")
def unlink_github(request: HttpRequest) -> None:
    """When there is another way to sign in."""
    unlink(actor=actor_of(request))


@router.get(
    "/installation/sign-in",
    response=SignInPolicyOut,
    operation_id="get_sign_in_policy",
    summary="Get who may sign in",
    tags=["operator"],
)
def get_sign_in_policy(request: HttpRequest) -> Any:
    """And what newcomers find. For operators."""
    actor = actor_of(request)
    if not is_operator(actor):
        require_operator(actor, "see who may sign in")
    return policy()


@router.patch(
    "/installation/sign-in",
    response=SignInPolicyOut,
    operation_id="change_sign_in_policy",
    summary="Change who may sign in",
    tags=["operator"],
)
def change_sign_in_policy(request: HttpRequest, told: SignInPolicyIn) -> Any:
    """It holds from the next sign-in. For operators."""
    actor = actor_of(request)
    require_operator(actor, "change who may sign in")
    values = told.model_dump(exclude={"allowed"})
    return change_policy(actor=actor, allowed=_allowed(told.allowed, policy()), **values)


def _allowed(names: list[str] | str | None, before: Policy) -> tuple[Allowed, ...] | None:
    text = "\n".join(names) if isinstance(names, list) else names
    return None if text is None else looked_up(text, before.allowed)
