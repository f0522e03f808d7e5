"""What the API tells and is told about people, teams, tokens and activity. Allow-lists: nothing else leaves."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from ninja import Schema
from pydantic import AwareDatetime, Field

from apps.accounts.models import ActivityEvent, Membership
from apps.accounts.policy import Role, Scope
from apps.lib.api import PageQuery, Told

Name = Annotated[str, Field(min_length=1, max_length=60, examples=["Shop"])]
Address = Annotated[str, Field(max_length=254, examples=["bob@example.com"])]


class TeamOut(Schema):
    id: UUID
    name: str = Field(examples=["Shop"])
    slug: str = Field(examples=["shop"])
    created_at: datetime


class TeamIn(Told):
    name: Name


class RoleInTeam(Schema):
    id: UUID
    name: str = Field(examples=["Shop"])
    slug: str = Field(examples=["shop"])
    role: Role


class MeOut(Schema):
    """The person, the scope of the token (null for a session), and the teams they are in."""

    id: UUID
    name: str = Field(examples=["Alice"])
    email: str = Field(examples=["alice@example.com"])
    is_operator: bool
    scope: Scope | None
    teams: list[RoleInTeam]


class MemberOut(Schema):
    id: UUID
    user_id: UUID
    name: str = Field(examples=["Bob"])
    email: str = Field(examples=["bob@example.com"])
    role: Role
    created_at: datetime

    @staticmethod
    def resolve_name(obj: Membership) -> str:
        return obj.user.name

    @staticmethod
    def resolve_email(obj: Membership) -> str:
        return obj.user.email


class MemberIn(Told):
    email: Address
    role: Role = Field(examples=["developer"])


class RoleIn(Told):
    role: Role = Field(examples=["viewer"])


class TokenOut(Schema):
    """A token without itself: `prefix` is how it begins."""

    id: UUID
    name: str = Field(examples=["ci"])
    scope: Scope
    prefix: str = Field(examples=["slp_Qm9iIGlz"])
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    revoked_at: datetime | None
    made_with_id: UUID | None = Field(description="The token that made it, and with which it ends.", examples=[None])


class NewTokenOut(TokenOut):
    token: str = Field(description="Shown this once.", examples=["slp_Qm9iIGlzIGEgdmlld2Vy..._1a2b3c4d"])


class TokenIn(Told):
    name: Name
    scope: Scope = Field(examples=["deploy"])
    expires_at: AwareDatetime | None = None


class ActivityOut(Schema):
    id: UUID
    team_id: UUID
    actor: str = Field(examples=["Alice"])
    verb: str = Field(examples=["deployed"])
    subject_type: str = Field(examples=["service"])
    subject_id: UUID
    subject_name: str = Field(examples=["web"])
    data: dict[str, Any] = Field(examples=[{"commit": "4f2a9c1"}])
    created_at: datetime

    @staticmethod
    def resolve_actor(obj: ActivityEvent) -> str:
        return obj.actor_name


class ActivityQuery(PageQuery):
    team_id: UUID | None = None
    subject_id: UUID | None = Field(default=None, description="A service, project or person.")
    subject_type: str | None = Field(default=None, description="Such as service or domain.")
    actor: str | None = Field(default=None, description="Who did it, by name.")
