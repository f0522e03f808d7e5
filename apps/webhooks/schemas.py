"""What the API tells of pushes, webhooks and deliveries. A secret is told once, in the answer that made it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from ninja import Schema
from pydantic import Field

from apps.lib.api import PageQuery, Told
from apps.webhooks.forges import FORGES
from apps.webhooks.models import Delivery, Kind, Outcome, State
from apps.webhooks.shown import pretty

Forge = Annotated[str, Field(json_schema_extra={"enum": list(FORGES)})]  # Another is refused by the action.


class PushOut(Schema):
    """One push to a branch or tag that the service follows, and what became of it."""

    id: UUID
    kind: Kind = Field(description="deployed, held (it waits for its checks) or skipped", examples=["skipped"])
    code: str = Field(description="Why it was skipped.", examples=["paths"])
    reason: str = Field(examples=["None of the files that changed is watched: README.md."])
    standing: str = Field(description="Of a held one: how its checks stand.", examples=["2 of 5 checks done."])
    held_until: datetime | None
    ref: str = Field(examples=["refs/heads/main"])
    commit: str = Field(examples=["4f2a9c1e0b7d5a3f6c8e1d2b4a6f8c0e2d4b6a8c"])
    message: str = Field(examples=["Greet politely"])
    author: str = Field(examples=["Alice"])
    environment_id: UUID | None = Field(description="Null: production.")
    deployment_id: UUID | None
    created_at: datetime


class HookIn(Told):
    forge: Forge = Field(examples=["github"])


class HookOut(Schema):
    id: UUID
    forge: Forge
    url: str = Field(examples=["https://slipway.example/api/webhooks/gitea/0b7d5a3f-6c8e-4d2b-8a6f-8c0e2d4b6a8c"])
    rotated_at: datetime | None
    created_at: datetime


class HookMade(HookOut):
    secret: str = Field(description="Told here and never again.", examples=["whsec_..."])


class OutcomeOut(Schema):
    service_id: UUID | None
    kind: Kind
    code: str
    reason: str
    deployment_id: UUID | None


class DeliveryOut(Schema):
    id: UUID
    forge: Forge
    delivery_id: str = Field(description="The sender's own id.", examples=["72d3162e-cc78-11e3-81ab-4c9367dc0958"])
    event: str = Field(examples=["push"])
    action: str
    installation_id: int | None
    repository_id: int | None
    repository_name: str = Field(examples=["owner/shop"])
    ref: str = Field(examples=["refs/heads/main"])
    state: State = Field(examples=["handled"])
    attempts: int
    away_since: datetime | None = Field(
        description="Since when it waits because GitHub is away. Tried again by itself."
    )
    error: str
    is_caught_up: bool = Field(description="It did not reach us: it was asked for.")
    replay_of_id: UUID | None
    created_at: datetime
    handled_at: datetime | None
    outcomes: list[OutcomeOut]

    @staticmethod
    def resolve_outcomes(obj: Delivery) -> list[Outcome]:
        return list(obj.outcomes.all())


class DeliveryDetail(DeliveryOut):
    payload: str = Field(description="Indented; without what is a secret by its name; empty once it is not kept.")

    @staticmethod
    def resolve_payload(obj: Any) -> str:
        return pretty(obj.payload)


class DeliveryQuery(PageQuery):
    q: str = Field(default="", max_length=120, description="In ids, repositories, refs, commits and errors.")
    event: str = Field(default="", max_length=60)
    state: State | None = None
