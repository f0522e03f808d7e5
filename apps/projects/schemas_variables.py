"""What the API tells and is told about variables. Secrets go in and never come out."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from ninja import Schema
from pydantic import Field

from apps.accounts.access import Actor
from apps.accounts.policy import Permission
from apps.lib.api import Told
from apps.projects.models import Variable
from apps.projects.references import references_in
from apps.projects.schemas import Place


class VariableOut(Schema):
    """`value` is null for a secret, and for those who may not write variables. Scope: null means all of them."""

    id: UUID
    project_id: UUID
    service_id: UUID | None
    environment: str | None = Field(examples=["production"])
    name: str = Field(examples=["DATABASE_URL"])
    value: str | None = Field(examples=["postgresql://shop@db/shop"])
    is_secret: bool
    scope: str = Field(
        description="`project`, `environment production`, `service` or `service in production`; `all previews`, "
        "`service in all previews`.",
        examples=["service"],
    )
    for_previews: bool = Field(description="For all previews of pull requests, and nowhere else.", examples=[False])
    refers_to: list[str] = Field(examples=[["db.URL"]])
    updated_at: datetime
    updated_by: str = Field(description="Who set it last.", examples=["Alice"])
    warning: str = Field(default="", description="A reference that leads nowhere: a release is refused until it does.")


def told_to(actor: Actor, row: Variable, *, warning: str = "") -> VariableOut:
    """A variable as `actor` may see it."""
    may_read = actor.can(Permission.WRITE_VARIABLES, row.project.team_id)
    return VariableOut(
        id=row.pk,
        project_id=row.project_id,
        service_id=row.service_id,
        environment=row.environment.slug if row.environment else None,
        for_previews=row.for_previews,
        name=row.name,
        value=row.shown if may_read else None,
        is_secret=row.is_secret,
        scope=row.scope,
        refers_to=references_in(row.value),
        updated_at=row.updated_at,
        updated_by=row.updated_by_name,
        warning=warning,
    )


class VariableChange(Told):
    """Only what is named changes. `is_secret` can be made true and never false."""

    name: str | None = Field(default=None, max_length=200, examples=["LOG_LEVEL"])
    value: str | None = Field(default=None, max_length=64_000, examples=["debug"])
    is_secret: bool = Field(default=False, examples=[False])


class PreviewLine(Schema):
    name: str = Field(examples=["LOG_LEVEL"])
    change: str = Field(description="new, changed or same", examples=["changed"])
    line: int
    is_secret: bool
    sounds_secret: bool = Field(description="By its name; say `is_secret` if it is one.")


class WrongLine(Schema):
    line: int
    code: str = Field(examples=["variables:user:invalid-line"])
    message: str = Field(examples=["Line 7 is not NAME=value."])
    hint: str


class PreviewOut(Schema):
    """What a paste would change. Without values: they are the caller's own."""

    summary: str = Field(examples=["3 new, 2 changed, 1 invalid (line 7)"])
    lines: list[PreviewLine]
    wrong: list[WrongLine]


class PreviewIn(Told):
    text: str = Field(max_length=1_000_000, examples=["LOG_LEVEL=info\nGREETING='hello'\n"])
    is_secret: bool = Field(default=False, examples=[False])
    environment: Place | None = Field(default=None, description="Only in this environment.")
    for_previews: bool = Field(default=False, description="Only in previews, in all of them.", examples=[False])


class ReferenceOut(Schema):
    """What `${{...}}` can name. Never a value."""

    reference: str = Field(examples=["db.URL"])
    is_secret: bool
    is_built_in: bool = Field(description="A part of the service's public address.")


class ReferencesOut(Schema):
    items: list[ReferenceOut]


class VariablesIn(Told):
    """`values`, a pasted .env file as `text`, or both. `is_secret` left out keeps what a variable was."""

    values: dict[str, str] = Field(default={}, examples=[{"LOG_LEVEL": "info"}])
    text: str = Field(default="", max_length=1_000_000, examples=["# pasted .env\nGREETING='hello'\n"])
    is_secret: bool | None = Field(default=None, examples=[False])
    environment: Place | None = Field(default=None, description="Only in this environment.")
    for_previews: bool = Field(default=False, description="Only in previews, in all of them.", examples=[False])
