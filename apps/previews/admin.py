"""Previews for operators: to look at. What is done about them is done on their pages."""

from __future__ import annotations

from django.contrib import admin

from apps.lib.admin import ReadOnly
from apps.previews.models import Part, Preference, Preview


@admin.register(Preview)
class PreviewAdmin(ReadOnly):
    list_display = ["repository", "number", "project", "environment", "is_open", "is_fork", "removed", "expires_at"]
    list_filter = ["is_open", "is_fork", "removed"]
    list_select_related = ["repository", "project", "environment__project"]
    search_fields = ["title", "repository__full_name"]


@admin.register(Part)
class PartAdmin(ReadOnly):
    list_display = ["preview", "service", "state", "reason", "at"]
    list_filter = ["state"]
    list_select_related = ["preview__repository", "service"]
    search_fields = ["reason", "service__name", "preview__repository__full_name"]


@admin.register(Preference)
class PreferenceAdmin(ReadOnly):
    list_display = ["service", "is_on", "drafts", "limit", "days"]
    list_select_related = ["service"]
    search_fields = ["service__name"]
