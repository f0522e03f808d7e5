"""What the API says and takes of previews."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from ninja import Schema
from pydantic import Field

from apps.lib.api import Told
from apps.previews.models import DAYS, LIMIT, LONGEST, MOST, Removed
from apps.previews.reading import Shown


class PreviewServiceOut(Schema):
    service_id: UUID
    name: str = Field(examples=["web"])
    status: str = Field(description="Of its newest deployment there; or waiting, refused, removed.", examples=["live"])
    reason: str = Field(description="Why it is not deployed, or failed.", examples=[""])
    url: str = Field(examples=["http://web-pr-12.apps.localhost:8080"])
    deployment_id: UUID | None


class PreviewOut(Schema):
    id: UUID
    project_id: UUID
    environment_id: UUID | None = Field(description="Null while nothing runs of it.")
    environment: str = Field(description="Its slug, or empty.", examples=["pr-12"])
    repository: str = Field(examples=["octo/shop"])
    number: int = Field(examples=[12])
    title: str = Field(examples=["Greet politely"])
    author: str = Field(examples=["octo"])
    pull_url: str = Field(examples=["https://github.com/octo/shop/pull/12"])
    branch: str = Field(examples=["polite"])
    base_branch: str = Field(examples=["main"])
    commit: str = Field(description="The newest.", examples=["4f2a9c1e0b7d5a3f6c8e1d2b4a6f8c0e2d4b6a8c"])
    is_open: bool
    is_draft: bool
    is_fork: bool
    waits_for_approval: bool = Field(description="A member who may deploy approves its newest commit.")
    approved_commit: str = Field(examples=[""])
    approved_by: str = Field(examples=["Alice"])
    expires_at: datetime | None
    removed: Removed = Field(description="Why nothing runs of it any more.", examples=[""])
    removed_at: datetime | None
    services: list[PreviewServiceOut]


class ApproveIn(Told):
    commit: str = Field(
        min_length=40, max_length=64, pattern="^[0-9a-f]+$", description="The one that was looked at.",
        examples=["4f2a9c1e0b7d5a3f6c8e1d2b4a6f8c0e2d4b6a8c"],
    )  # fmt: skip


class PreferenceOut(Schema):
    is_on: bool = Field(examples=[True])
    drafts: bool = Field(description="Of drafts too.", examples=[True])
    limit: int = Field(description="At once; more are refused.", examples=[LIMIT])
    days: int = Field(description="After the last push it is removed.", examples=[DAYS])


class PreferenceChange(Told):
    """Only what is named changes."""

    is_on: bool | None = Field(default=None, examples=[True])
    drafts: bool | None = Field(default=None, examples=[True])
    limit: int | None = Field(default=None, ge=1, le=MOST, examples=[LIMIT])
    days: int | None = Field(default=None, ge=1, le=LONGEST, examples=[DAYS])


def told_of(told: Shown) -> PreviewOut:
    row = told.preview
    return PreviewOut(
        id=row.pk,
        project_id=row.project_id,
        environment_id=row.environment_id,
        environment=row.environment.slug if row.environment else "",
        repository=row.repository.full_name,
        number=row.number,
        title=row.title,
        author=row.author,
        pull_url=told.pull_url,
        branch=row.head_branch,
        base_branch=row.base_branch,
        commit=row.head_sha,
        is_open=row.is_open,
        is_draft=row.is_draft,
        is_fork=row.is_fork,
        waits_for_approval=row.waits_for_approval,
        approved_commit=row.approved_sha,
        approved_by=row.approved_by_name,
        expires_at=row.expires_at,
        removed=Removed(row.removed),
        removed_at=row.removed_at,
        services=[
            PreviewServiceOut(
                service_id=part.service.pk,
                name=part.service.name,
                status=part.status,
                reason=part.reason,
                url=part.url,
                deployment_id=part.newest.pk if part.newest else None,
            )
            for part in told.services
        ],
    )
