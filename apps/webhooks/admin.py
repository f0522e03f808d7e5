"""Deliveries, what became of them, and services' webhooks for operators. No secret is shown."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html

from apps.accounts.access import Actor
from apps.lib.admin import ReadOnly, for_each
from apps.webhooks import actions
from apps.webhooks.models import BranchLook, CatchUp, Delivery, Hook, Outcome
from apps.webhooks.shown import pretty


@admin.register(Delivery)
class DeliveryAdmin(ReadOnly):
    list_display = [
        "event",
        "action",
        "repository_name",
        "ref",
        "state",
        "attempts",
        "away_since",
        "is_caught_up",
        "created_at",
    ]
    list_filter = ["state", "forge", "event", "is_caught_up"]
    search_fields = ["delivery_id", "repository_name", "ref", "error", "outcomes__commit"]
    date_hierarchy = "created_at"
    exclude = ["payload"]
    readonly_fields = ["said"]
    actions = ["replay"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Delivery]:
        rows: QuerySet[Delivery] = super().get_queryset(request)
        return (
            rows if request.resolver_match and "object_id" in request.resolver_match.kwargs else rows.defer("payload")
        )

    @admin.display(description="Payload")
    def said(self, row: Delivery) -> str:
        return format_html("<pre>{}</pre>", pretty(row.payload) or "It is not kept any more.")

    @admin.action(description="Replay: handle the same once more")
    def replay(self, request: HttpRequest, rows: QuerySet[Delivery]) -> None:
        actor = Actor(request.user)  # type: ignore[arg-type]
        for_each(request, rows, "replayed", lambda row: actions.replay(actor=actor, delivery=row))


@admin.register(Outcome)
class OutcomeAdmin(ReadOnly):
    list_display = ["service", "environment", "kind", "code", "reason", "ref", "commit", "deployment", "created_at"]
    list_filter = ["kind", "code", "service__project__team"]
    search_fields = ["service__name", "commit", "ref", "reason", "message", "author"]
    list_select_related = ["service", "environment__project", "deployment__service"]


@admin.register(Hook)
class HookAdmin(ReadOnly):
    """Without its secrets."""

    list_display = ["service", "forge", "rotated_at", "created_at"]
    list_filter = ["forge"]
    search_fields = ["service__name"]
    list_select_related = ["service"]
    exclude = ["secret", "old_secret"]


@admin.register(CatchUp)
class CatchUpAdmin(ReadOnly):
    list_display = ["looked_at", "deliveries", "pushes", "note", "trouble"]
    search_fields = ["trouble"]


@admin.register(BranchLook)
class BranchLookAdmin(ReadOnly):
    list_display = ["repository", "branch", "looked_at"]
    search_fields = ["repository__full_name", "branch"]
    list_select_related = ["repository"]
