"""What the API tells and is told about oneself and about invitations. Links and passwords go one way only."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from ninja import Schema
from pydantic import Field

from apps.accounts.models import Invitation
from apps.accounts.policy import Role
from apps.accounts.schemas import Address
from apps.lib.api import Told

Password = Annotated[str, Field(max_length=4096, examples=["correct horse battery staple"])]


class PersonOut(Schema):
    id: UUID
    name: str = Field(examples=["Alice"])
    email: str = Field(examples=["alice@example.com"])


class ProfileIn(Told):
    name: str | None = Field(default=None, min_length=1, max_length=100, examples=["Alice"])
    email: Address | None = None


class PasswordIn(Told):
    """`old` may be left out only by who has no password yet."""

    old: Password = ""
    new: Password


class RecoveryOut(Schema):
    url: str = Field(description="Shown this once.", examples=["https://slipway.example.com/link/link_..."])


class InvitationOut(Schema):
    id: UUID
    team_id: UUID
    email: str = Field(examples=["bob@example.com"])
    role: Role = Field(examples=["developer"])
    invited_by: str = Field(examples=["Alice"])
    created_at: datetime
    expires_at: datetime
    accepted_at: datetime | None
    revoked_at: datetime | None

    @staticmethod
    def resolve_invited_by(obj: Invitation) -> str:
        return str(obj.invited_by or "")


class NewInvitationOut(InvitationOut):
    url: str = Field(description="Shown this once.", examples=["https://slipway.example.com/invitations/invite_..."])


class InvitationIn(Told):
    email: Address
    role: Role = Field(examples=["developer"])


class AcceptIn(Told):
    token: str = Field(max_length=300, description="The link, or its last part.", examples=["invite_..."])
