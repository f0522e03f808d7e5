"""What GitHub was told, for operators: to look at, and to try at once."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from apps.accounts.access import Actor
from apps.feedback import actions
from apps.feedback.models import Line, News, Preference, Told, ToldPull
from apps.lib.admin import ReadOnly, for_each


class NewsAdmin(ReadOnly):
    list_select_related = ["repository"]
    actions = ["try_now"]

    @admin.action(description="Try now")
    def try_now(self, request: HttpRequest, rows: QuerySet[Any]) -> None:
        actor = Actor(request.user)  # type: ignore[arg-type]

        def attempt(row: News) -> News:
            return actions.try_now(actor=actor, news=row)

        for_each(request, rows, "tried again", attempt)


@admin.register(Told)
class ToldAdmin(NewsAdmin):
    list_display = ["__str__", "repository", "environment", "state", "status", "is_due", "attempts", "last_error"]
    list_filter = ["is_due", "state", "status", "is_preview"]
    search_fields = ["service_name", "commit", "repository__full_name", "last_error", "over_reason"]


@admin.register(ToldPull)
class ToldPullAdmin(NewsAdmin):
    list_display = ["__str__", "comment_id", "is_due", "attempts", "told_at", "last_error"]
    list_filter = ["is_due", "is_settled"]
    search_fields = ["number", "repository__full_name", "last_error", "over_reason"]


@admin.register(Line)
class LineAdmin(ReadOnly):
    list_display = ["installation", "paused_until", "pause_reason", "failures", "lease_expires_at"]
    search_fields = ["installation__account_login", "pause_reason"]
    list_select_related = ["installation"]


@admin.register(Preference)
class PreferenceAdmin(ReadOnly):
    list_display = ["service", "mode"]
    list_filter = ["mode"]
    search_fields = ["service__name"]
    list_select_related = ["service"]
