"""What the API tells about builds and releases. Never the value of a variable."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from ninja import Schema
from pydantic import Field

from apps.deployments.models import Build, Release
from apps.deployments.release_variables import given_to
from apps.lib.api import PageQuery


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


class PlanValueOut(Schema):
    """`kind` is service, file (slipway.toml), variable (RAILPACK_*, NIXPACKS_*), procfile, dockerfile, image, detected or
    default; empty for a plan of before this was kept."""

    name: str = Field(examples=["start"])
    value: str = Field(examples=["gunicorn app:app"])
    kind: str = Field(examples=["procfile"])
    origin: str = Field(examples=["`web` in the Procfile"])


class PlanOut(Schema):
    language: str = Field(examples=["python"])
    framework: str = Field(examples=["flask"])
    values: list[PlanValueOut]
    resources: list[PlanValueOut] = Field(
        description="What its build may use, and what each of its containers gets.",
        examples=[
            [{"name": "build_memory", "value": "2048 MB", "kind": "default", "origin": "this installation's default"}]
        ],
    )
    reasons: list[str] = Field(examples=[["start command: `web` in the Procfile"]])


class EjectedOut(Schema):
    """`files` are all that belong to it, by their paths in `folder`, which is told from the top of the repository."""

    deployment_id: UUID
    dockerfile: str = Field(examples=["ARG BASE_IMAGE=python:3.13-slim\nFROM ${BASE_IMAGE} AS app\n"])
    dockerignore: str = Field(examples=[".git\n**/node_modules\n"])
    path: str = Field(examples=["Dockerfile"], description="Which of the files is the Dockerfile.")
    folder: str = Field(examples=["apps/web"], description="Where a build of it begins; empty for the top.")
    files: dict[str, str] = Field(examples=[{"Dockerfile": "ARG BASE_IMAGE=python:3.13-slim\n"}])
    notes: list[str] = Field(examples=[["To do: put `Dockerfile` into the folder `apps/web`, commit and push."]])


class ProcessOut(Schema):
    command: list[str] | None = Field(examples=[["/bin/sh", "-c", "exec gunicorn app:app"]])
    replicas: int
    port: int | None = Field(examples=[8000])


class ReleaseVariableOut(Schema):
    """A variable of a release without its value."""

    name: str = Field(examples=["DATABASE_URL"])
    scope: str = Field(
        description="`project`, `environment production`, `service` or `service in production`.", examples=["service"]
    )
    refers_to: list[str] = Field(examples=[["db.URL"]])
    is_secret: bool


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
    variable_sources: list[ReleaseVariableOut] = Field(description="Where each value came from.")
    is_kept: bool = Field(description="Its image is there. It can be rolled back to if it ever served.")
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
    def resolve_variable_sources(obj: Release) -> list[dict[str, object]]:
        rows = given_to(obj, may_read=False)
        return [{"name": row.name, "is_secret": row.is_secret, **row.source.as_dict()} for row in rows]

    @staticmethod
    def resolve_is_kept(obj: Release) -> bool:
        return obj.pruned_at is None


class OfService(PageQuery):
    service_id: UUID | None = None
