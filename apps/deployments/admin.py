"""The history of deployments for operators: read-only, but for trying again and cancelling.

Both are the product's own actions under the operator's own roles: being an operator opens no team.
"""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from apps.accounts.access import Actor
from apps.deployments import actions
from apps.deployments.models import (
    Build,
    Deployment,
    DeploymentStep,
    IdempotencyKey,
    Inspection,
    LogChunk,
    LogStream,
    Release,
)
from apps.lib.admin import ReadOnly, for_each


@admin.register(Deployment)
class DeploymentAdmin(ReadOnly):
    """Without what its compose file said: among that are secrets."""

    list_display = ["service", "environment", "number", "status", "step", "trigger", "actor_name", "created_at"]
    list_filter = ["status", "trigger", "step", "service__project__team"]
    search_fields = ["service__name", "commit", "branch", "actor_name", "error_code", "error_message"]
    list_select_related = ["service", "environment__project"]
    date_hierarchy = "created_at"
    exclude = ["composed"]
    actions = ["retry", "cancel"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).select_related("service__project", "environment__project")

    @admin.action(description="Retry: deploy the same commit again")
    def retry(self, request: HttpRequest, rows: QuerySet[Deployment]) -> None:
        actor = Actor(request.user)  # type: ignore[arg-type]
        for_each(
            request, rows, "deployed again",
            lambda row: actions.deploy(
                actor=actor, service=row.service, environment=row.environment, commit=row.commit
            ),
        )  # fmt: skip

    @admin.action(description="Cancel")
    def cancel(self, request: HttpRequest, rows: QuerySet[Deployment]) -> None:
        actor = Actor(request.user)  # type: ignore[arg-type]
        for_each(request, rows, "cancelled", lambda row: actions.cancel(actor=actor, deployment=row))


@admin.register(DeploymentStep)
class DeploymentStepAdmin(ReadOnly):
    list_display = ["deployment", "name", "attempt", "status", "started_at", "finished_at", "error_code"]
    list_filter = ["name", "status"]
    search_fields = ["deployment__service__name", "command", "detail", "error_code"]
    list_select_related = ["deployment__service"]


@admin.register(Build)
class BuildAdmin(ReadOnly):
    list_display = ["service", "commit", "message", "size_bytes", "seconds", "created_at"]
    list_filter = ["service__project__team"]
    search_fields = ["service__name", "commit", "message", "author", "digest"]
    list_select_related = ["service"]


@admin.register(Release)
class ReleaseAdmin(ReadOnly):
    """Without its variables: among them are secrets."""

    list_display = ["service", "environment", "number", "build", "pruned_at", "created_at"]
    list_filter = ["service__project__team", "pruned_at"]
    search_fields = ["service__name", "build__commit"]
    list_select_related = ["service", "environment__project", "build__service"]
    exclude = ["variables"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).defer("variables")


@admin.register(Inspection)
class InspectionAdmin(ReadOnly):
    """Without the documents, which are long."""

    list_display = ["deployment", "digest", "created_at"]
    search_fields = ["deployment__service__name"]
    list_select_related = ["deployment__service"]
    exclude = ["document"]


@admin.register(LogStream)
class LogStreamAdmin(ReadOnly):
    list_display = ["__str__", "next_seq", "created_at"]
    search_fields = ["deployment__service__name", "service__name"]
    list_select_related = ["deployment__service", "service"]


@admin.register(LogChunk)
class LogChunkAdmin(ReadOnly):
    list_display = ["stream", "first_seq", "last_seq", "size_bytes", "created_at"]
    search_fields = ["stream__deployment__service__name", "stream__service__name"]
    list_select_related = ["stream__deployment__service", "stream__service"]


@admin.register(IdempotencyKey)
class IdempotencyKeyAdmin(ReadOnly):
    """Without the answers: one of them may hold a new token."""

    list_display = ["key", "user", "status", "created_at"]
    search_fields = ["key", "user__name", "user__email"]
    list_select_related = ["user"]
    exclude = ["body"]
