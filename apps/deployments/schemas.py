"""What the API tells and is told about deployments. Allow-lists: nothing else leaves."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from ninja import Schema
from pydantic import Field

from apps.deployments.adopting import notes_of
from apps.deployments.file_notes import Note
from apps.deployments.models import Deployment, DeploymentStep
from apps.deployments.presentation import slip_of
from apps.deployments.schemas_compose import ComposeNote
from apps.deployments.schemas_failures import FailureOut, failure_told
from apps.deployments.states import Status, StepStatus
from apps.deployments.why_waiting import why_waiting
from apps.lib.api import PageQuery, Told
from apps.projects.schemas import Place

Commit = Annotated[str, Field(pattern=r"^([0-9a-f]{7,64})?$", examples=["4f2a9c1e0b7d5a3f6c8e1d2b4a6f8c0e2d4b6a8c"])]


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
    error: FailureOut | None
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
        return obj.commit_message

    @staticmethod
    def resolve_release_number(obj: Deployment) -> int | None:
        return obj.release.number if obj.release else None

    @staticmethod
    def resolve_error(obj: Deployment) -> dict[str, object] | None:
        return failure_told(obj) if obj.error_code else None

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

    waits: str = Field(
        description="What a waiting one waits for; empty once it begins.",
        examples=["It waits for its turn: 2 builds under way, 3 before it."],
    )
    steps: list[StepOut]
    steps_left: list[str] = Field(description="Steps that it has not begun, or never will.", examples=[["drain"]])

    compose: list[ComposeNote] = Field(description="What came of changes of its compose file, empty for others.")

    @staticmethod
    def resolve_compose(obj: Deployment) -> list[Note]:
        return notes_of(obj)

    @staticmethod
    def resolve_waits(obj: Deployment) -> str:
        return why_waiting(obj)

    @staticmethod
    def resolve_steps(obj: Deployment) -> list[DeploymentStep]:
        return obj.steps_in_order()

    @staticmethod
    def resolve_steps_left(obj: Deployment) -> list[str]:
        return [segment.name.lower() for segment in slip_of(obj) if segment.step is None]


class DeploymentIn(Told):
    """What to deploy: the head of the service's branch, or a commit."""

    commit: Commit = ""
    no_cache: bool = Field(default=False, description="Build anew without any cache.")
    reuse_build: bool = Field(
        default=False, description="The live image with the variables and settings of now: no git, no build."
    )
    environment: Place | None = None


class DeploymentQuery(PageQuery):
    project_id: UUID | None = None
    service_id: UUID | None = None
    environment: str | None = Field(default=None, description="An environment's slug.")
    number: int | None = Field(default=None, ge=1, le=2**31 - 1, description="Of a service, in each environment.")
    status: Status | None = None


class RollbackIn(Told):
    """Which release to bring back. Left out: the one that was live before."""

    release_id: UUID | None = None
    pause_auto_deploy: bool = Field(default=True, description="Pushes are not deployed until it is resumed.")


class ServiceRollbackIn(RollbackIn):
    environment: Place | None = None
