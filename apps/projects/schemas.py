"""What the API tells and is told about projects and environments."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from ninja import Schema
from pydantic import Field

from apps.lib.api import PageQuery, Told
from apps.projects.models import EnvironmentKind, Project

Name = Annotated[str, Field(min_length=1, max_length=40, examples=["shop"])]
Place = Annotated[
    str, Field(min_length=1, max_length=40, description="An environment's slug or id.", examples=["production"])
]

# In a query, where "" is what a client sends for nothing.
EnvironmentName = Annotated[str, Field(max_length=40, description="An environment's slug or id.")]


class EnvironmentQuery(Schema):
    environment: EnvironmentName = "production"


class ProjectOut(Schema):
    id: UUID
    team_id: UUID
    team: str = Field(description="The team's slug.", examples=["my-team"])
    name: str = Field(examples=["shop"])
    slug: str = Field(examples=["shop"])
    created_at: datetime

    @staticmethod
    def resolve_team(obj: Project) -> str:
        return obj.team.slug


class ProjectIn(Told):
    name: Name
    team_id: UUID | None = Field(default=None, description="May be left out by who is in one team only.")


class ProjectChange(Told):
    name: Name


class ProjectQuery(PageQuery):
    team_id: UUID | None = None


class EnvironmentOut(Schema):
    id: UUID
    project_id: UUID
    name: str = Field(examples=["production"])
    slug: str = Field(examples=["production"])
    kind: EnvironmentKind = Field(examples=["production"])
    branch: str = Field(description="What is deployed in it; empty: each service's own branch.", examples=["develop"])
    created_at: datetime


class EnvironmentIn(Told):
    name: Name
    branch: str = Field(default="", max_length=250, description="Empty: each service's own branch.", examples=["main"])
