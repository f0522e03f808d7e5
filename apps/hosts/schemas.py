"""What the API tells about hosts. Never their tokens."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from ninja import Schema
from pydantic import Field


class HostOut(Schema):
    """`generation` counts changes of what it should run; `seen_generation` is the last that its agent has taken."""

    id: UUID
    name: str = Field(examples=["local"])
    is_online: bool
    last_seen_at: datetime | None
    generation: int
    seen_generation: int
    agent_version: str = Field(examples=["0.1.0"])
    draining_since: datetime | None
    created_at: datetime
