"""What the API tells and is told about domains and volumes."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from ninja import Schema
from pydantic import Field

from apps.deployments.overview import Overview
from apps.lib.api import PageQuery, Told
from apps.projects.models import Domain, Volume
from apps.projects.schemas import Name, Place


class DomainOut(Schema):
    id: UUID
    service_id: UUID
    environment: str = Field(examples=["production"])
    host: str = Field(examples=["shop.example.com"])
    url: str = Field(examples=["http://shop.example.com"])
    is_generated: bool
    state: str = Field(description="found, pending, wrong, unreachable, unsure, or empty before the first look.",
                       examples=["found"])  # fmt: skip
    detail: str = Field(examples=["It leads here (203.0.113.7)."])
    checked_at: datetime | None
    created_at: datetime

    @staticmethod
    def resolve_state(obj: Domain) -> str:
        return obj.check_state

    @staticmethod
    def resolve_detail(obj: Domain) -> str:
        return obj.check_detail

    @staticmethod
    def resolve_environment(obj: Domain) -> str:
        return obj.environment.slug

    @staticmethod
    def resolve_url(obj: Domain) -> str:
        return Overview(hosts=[obj.host]).urls[0]


class DomainIn(Told):
    host: str = Field(min_length=1, max_length=253, examples=["shop.example.com"])
    environment: Place | None = None


class VolumeOut(Schema):
    """`service_id` null: kept after its service was deleted, until it is discarded."""

    id: UUID
    project_id: UUID
    service_id: UUID | None
    environment: str = Field(examples=["production"])
    name: str = Field(examples=["data"])
    path: str = Field(examples=["/data"])
    created_at: datetime

    @staticmethod
    def resolve_environment(obj: Volume) -> str:
        return obj.environment.slug


class VolumeIn(Told):
    name: Name = Field(examples=["data"])
    path: str = Field(min_length=1, max_length=250, examples=["/data"])
    environment: Place | None = None
    reuse: UUID | None = Field(default=None, description="A kept volume of the project, with its data.")


class VolumeQuery(PageQuery):
    project_id: UUID | None = None
    service_id: UUID | None = None
