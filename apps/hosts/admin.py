"""Hosts for operators: look, drain, take up again. Their tokens are never shown."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from apps.accounts.access import Actor
from apps.hosts.actions import drain_host
from apps.hosts.models import Host, Measurement, ServiceState
from apps.lib.admin import ReadOnly, for_each


@admin.register(Host)
class HostAdmin(ReadOnly):
    list_display = [
        "name",
        "online",
        "last_seen_at",
        "generation",
        "seen_generation",
        "agent_version",
        "draining_since",
    ]
    search_fields = ["name", "agent_version"]
    list_filter = ["draining_since"]
    exclude = ["token_digest"]
    actions = ["drain", "undrain"]

    @admin.display(boolean=True)
    def online(self, row: Host) -> bool:
        return row.is_online

    @admin.action(description="Drain: take no new deployments")
    def drain(self, request: HttpRequest, rows: QuerySet[Host]) -> None:
        for_each(request, rows, "draining", lambda row: drain_host(actor=Actor(request.user), host=row))  # type: ignore[arg-type]

    @admin.action(description="Undrain: take deployments again")
    def undrain(self, request: HttpRequest, rows: QuerySet[Host]) -> None:
        for_each(
            request, rows, "taking deployments",
            lambda row: drain_host(actor=Actor(request.user), host=row, on=False),  # type: ignore[arg-type]
        )  # fmt: skip


@admin.register(ServiceState)
class ServiceStateAdmin(ReadOnly):
    list_display = ["service", "environment", "host", "reported_at"]
    list_filter = ["host"]
    search_fields = ["service__name"]
    list_select_related = ["service", "environment__project", "host"]


@admin.register(Measurement)
class MeasurementAdmin(ReadOnly):
    """The newest first; the total is not counted, because there may be millions."""

    list_display = ["state", "minutes", "at", "cpu_seconds", "memory_peak", "requests", "errors"]
    list_filter = ["minutes"]
    search_fields = ["state__service__name"]
    list_select_related = ["state__service", "state__host"]
    ordering = ["-id"]
    show_full_result_count = False
