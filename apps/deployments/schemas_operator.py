"""What operators are told over the API of the installation, the queue and the disk, and what they may send."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from ninja import Schema
from pydantic import Field

from apps.deployments.budget import MOST_GB
from apps.deployments.models import Deployment
from apps.deployments.states import Status
from apps.lib.api import Told
from apps.projects.domain_checks import State


class RecordOut(Schema):
    kind: str = Field(examples=["A"])
    name: str = Field(examples=["*.apps.example.com"])
    value: str = Field(examples=["203.0.113.7"])
    is_found: bool


class InstallationOut(Schema):
    """`base_domain` and whether names beneath it lead here."""

    base_domain: str = Field(examples=["apps.example.com"])
    state: State = Field(examples=["found"])
    detail: str = Field(examples=["It leads here (203.0.113.7)."])
    records: list[RecordOut]
    addresses: list[str] = Field(description="Of this machine, as far as known.", examples=[["203.0.113.7"]])
    checklist_dismissed: bool
    disk_budget_gb: float = Field(description="What builds may keep; 0: no budget.", examples=[50.0])


class InstallationIn(Told):
    base_domain: str | None = Field(default=None, max_length=200, examples=["apps.example.com"])
    checklist_dismissed: bool | None = None
    disk_budget_gb: float | None = Field(default=None, ge=0, le=MOST_GB)


class QueuedOut(Schema):
    """Names and times only: being an operator opens no team."""

    id: UUID
    team: str = Field(examples=["Shop"])
    project: str = Field(examples=["shop"])
    service: str = Field(examples=["web"])
    number: int
    status: Status = Field(examples=["building"])
    step: str = Field(examples=["build"])
    waits: str = Field(
        "",
        description="Why it has not begun yet; empty once it has.",
        examples=["It waits for its turn: 2 builds under way, 3 before it."],
    )
    attempt: int
    lease_owner: str = Field(examples=["host:4711"])
    lease_expires_at: datetime | None
    cancel_requested_at: datetime | None
    created_at: datetime

    @staticmethod
    def resolve_team(obj: Deployment) -> str:
        return obj.service.project.team.name

    @staticmethod
    def resolve_project(obj: Deployment) -> str:
        return obj.service.project.name

    @staticmethod
    def resolve_service(obj: Deployment) -> str:
        return obj.service.name


class PieceOut(Schema):
    name: str = Field(examples=["4f2a9c1"])
    size: int = Field(description="Bytes.", examples=[61000000])
    owner: str = Field(examples=["shop / web"])
    note: str = Field(examples=["kept: serves, or may serve again"])


class DiskOut(Schema):
    """The last measurement, in bytes. `kept` is what the budget is of: images, the build cache, kept sources."""

    measured_at: datetime | None
    is_measuring: bool
    total: int
    free: int
    home: int
    cache: int
    dependencies: int = Field(description="What package managers keep, as a part of the cache.")
    kept: int
    budget: int
    sources: list[PieceOut] = Field(description="By service: what the next fetch starts from.")
    caches: list[PieceOut] = Field(description="By service: what package managers keep for its builds.")
    images: list[PieceOut]
    volumes: list[PieceOut]


class HealthOut(Schema):
    checks: dict[str, str] = Field(examples=[{"postgresql": "ok", "valkey": "ok", "agents": "ok"}])
    versions: dict[str, str] = Field(examples=[{"slipway": "0.1.0", "python": "3.13.1"}])


class HostChange(Told):
    draining: bool = Field(examples=[True])


class SampleIn(Told):
    team_id: UUID | None = None
