"""What the API tells and is told about deployments, builds, releases and logs. Allow-lists: nothing else leaves."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from ninja import Schema
from pydantic import Field

from apps.deployments.models import Build, Deployment, DeploymentStep, Release
from apps.deployments.states import Status, StepStatus
from apps.lib.api import PageQuery, Told
from apps.projects.schemas import Place

Commit = Annotated[str, Field(pattern=r"^([0-9a-f]{7,64})?$", examples=["4f2a9c1e0b7d5a3f6c8e1d2b4a6f8c0e2d4b6a8c"])]


class ErrorOut(Schema):
    code: str = Field(examples=["build:user:no-dockerfile"])
    message: str = Field(examples=["There is nothing recognisable in the repository."])
    hint: str = Field(examples=["Add a Dockerfile."])


class DeploymentOut(Schema):
    id: UUID
    number: int
    project_id: UUID
    service_id: UUID
    service: str = Field(examples=["web"])
    environment: str = Field(examples=["production"])
    status: Status = Field(examples=["live"])
    step: str = Field(examples=["drain"])
    trigger: str = Field(examples=["api"])
    actor: str = Field(examples=["Alice"])
    branch: str = Field(examples=["main"])
    commit: str = Field(examples=["4f2a9c1e0b7d5a3f6c8e1d2b4a6f8c0e2d4b6a8c"])
    message: str = Field(description="The commit's first line.", examples=["Greet politely"])
    no_cache: bool
    build_id: UUID | None
    release_id: UUID | None
    release_number: int | None
    is_rollback: bool
    rollback_of_id: UUID | None
    attempt: int
    error: ErrorOut | None
    cancel_requested_at: datetime | None
    created_at: datetime
    started_at: datetime | None
    live_at: datetime | None
    observed_at: datetime | None
    finished_at: datetime | None
    duration_seconds: float | None

    @staticmethod
    def resolve_project_id(obj: Deployment) -> UUID:
        return obj.service.project_id

    @staticmethod
    def resolve_service(obj: Deployment) -> str:
        return obj.service.name

    @staticmethod
    def resolve_environment(obj: Deployment) -> str:
        return obj.environment.slug

    @staticmethod
    def resolve_actor(obj: Deployment) -> str:
        return obj.actor_name

    @staticmethod
    def resolve_message(obj: Deployment) -> str:
        return obj.build.message if obj.build else ""

    @staticmethod
    def resolve_release_number(obj: Deployment) -> int | None:
        return obj.release.number if obj.release else None

    @staticmethod
    def resolve_error(obj: Deployment) -> dict[str, str] | None:
        if not obj.error_code:
            return None
        return {"code": obj.error_code, "message": obj.error_message, "hint": obj.error_hint}

    @staticmethod
    def resolve_duration_seconds(obj: Deployment) -> float | None:
        return obj.duration.total_seconds() if obj.duration is not None else None


class StepOut(Schema):
    name: str = Field(examples=["build"])
    attempt: int
    status: StepStatus = Field(examples=["succeeded"])
    started_at: datetime
    finished_at: datetime | None
    duration_seconds: float | None
    command: str = Field(examples=["docker build --progress=plain ."])
    detail: str = Field(examples=["image of 61 MB"])
    error_code: str = Field(examples=[""])

    @staticmethod
    def resolve_duration_seconds(obj: DeploymentStep) -> float | None:
        return obj.duration.total_seconds() if obj.duration is not None else None


class DeploymentDetail(DeploymentOut):
    """With the latest attempt of each step, in the order of the pipeline."""

    steps: list[StepOut]

    @staticmethod
    def resolve_steps(obj: Deployment) -> list[DeploymentStep]:
        return obj.steps_in_order()


class DeploymentIn(Told):
    """What to deploy: the head of the service's branch, or a commit."""

    commit: Commit = ""
    no_cache: bool = Field(default=False, description="Build anew without any cache.")
    environment: Place | None = None


class DeploymentQuery(PageQuery):
    project_id: UUID | None = None
    service_id: UUID | None = None
    environment: str | None = Field(default=None, description="An environment's slug.")
    status: Status | None = None


class RollbackIn(Told):
    """Which release to bring back. Left out: the one that was live before."""

    release_id: UUID | None = None


class ServiceRollbackIn(RollbackIn):
    environment: Place | None = None


class BuildOut(Schema):
    id: UUID
    service_id: UUID
    commit: str = Field(examples=["4f2a9c1e0b7d5a3f6c8e1d2b4a6f8c0e2d4b6a8c"])
    message: str = Field(examples=["Greet politely"])
    author: str = Field(examples=["Alice"])
    language: str = Field(examples=["python"])
    framework: str = Field(examples=["flask"])
    digest: str = Field(examples=["sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"])
    size_bytes: int
    seconds: float
    created_at: datetime

    @staticmethod
    def resolve_language(obj: Build) -> str:
        return obj.plan.get("language") or ""

    @staticmethod
    def resolve_framework(obj: Build) -> str:
        return obj.plan.get("framework") or ""


class ProcessOut(Schema):
    command: list[str] | None = Field(examples=[["/bin/sh", "-c", "exec gunicorn app:app"]])
    replicas: int
    port: int | None = Field(examples=[8000])


class ReleaseOut(Schema):
    """A release without the values of its variables."""

    id: UUID
    service_id: UUID
    environment: str = Field(examples=["production"])
    number: int
    build_id: UUID
    commit: str = Field(examples=["4f2a9c1e0b7d5a3f6c8e1d2b4a6f8c0e2d4b6a8c"])
    digest: str = Field(examples=["sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"])
    processes: dict[str, ProcessOut]
    variable_names: list[str] = Field(examples=[["DATABASE_URL", "LOG_LEVEL"]])
    secret_names: list[str] = Field(examples=[["DATABASE_URL"]])
    is_kept: bool = Field(description="It can be rolled back to.")
    created_at: datetime

    @staticmethod
    def resolve_environment(obj: Release) -> str:
        return obj.environment.slug

    @staticmethod
    def resolve_digest(obj: Release) -> str:
        return obj.build.digest

    @staticmethod
    def resolve_processes(obj: Release) -> object:
        return obj.spec.get("processes", {})

    @staticmethod
    def resolve_variable_names(obj: Release) -> list[str]:
        return sorted(obj.variable_sources)

    @staticmethod
    def resolve_is_kept(obj: Release) -> bool:
        return obj.pruned_at is None


class OfService(PageQuery):
    service_id: UUID | None = None


class LineOut(Schema):
    seq: int
    at: str = Field(examples=["2026-11-21T08:00:00+00:00"])
    source: str = Field(examples=["build"])
    level: str = Field(examples=["out"])
    kind: str = Field(description="line, command, step, error or gap", examples=["line"])
    text: str = Field(examples=["Successfully installed flask-3.1.0"])


class LogOut(Schema):
    """Consecutive lines. Ask again with `after=next_after` for what comes later."""

    lines: list[LineOut]
    next_after: int
    last_seq: int = Field(description="The newest line that there is.")


class LogQuery(Schema):
    after: int = Field(default=0, ge=0, le=2**62, description="Lines numbered above this.")
    limit: int = Field(default=1000, ge=1, le=5000)
    tail: int | None = Field(default=None, ge=1, le=5000, description="Instead of `after`: the newest so many.")
    format: Literal["json", "text"] = "json"
