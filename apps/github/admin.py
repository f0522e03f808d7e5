"""GitHub for operators to look at: installations, repositories, connections, people. No key, secret or token is shown."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from apps.accounts.access import Actor
from apps.accounts.installation import require_operator
from apps.github import installations
from apps.github.models import Connection, GitHubApp, Identity, Installation, Repository
from apps.github.news import told_to_teams
from apps.lib.admin import ReadOnly, for_each


@admin.register(GitHubApp)
class GitHubAppAdmin(ReadOnly):
    list_display = ["name", "app_id", "owner_login", "web_url", "created_at"]
    search_fields = ["name", "slug", "owner_login"]
    exclude = ["client_secret", "webhook_secret", "private_key"]


@admin.register(Installation)
class InstallationAdmin(ReadOnly):
    list_display = [
        "account_login",
        "account_type",
        "github_id",
        "selection",
        "suspended_at",
        "deleted_at",
        "synced_at",
    ]
    list_filter = ["account_type", "selection"]
    search_fields = ["account_login", "github_id"]
    actions = ["refresh"]

    @admin.action(description="Refresh: read its repositories from GitHub")
    def refresh(self, request: HttpRequest, rows: QuerySet[Installation]) -> None:
        require_operator(Actor(request.user), "read the installations")  # type: ignore[arg-type]
        with told_to_teams():
            for_each(request, rows, "read", lambda row: installations.refresh_one(row.github_id))


@admin.register(Repository)
class RepositoryAdmin(ReadOnly):
    list_display = ["full_name", "private", "archived", "trouble", "trouble_at", "installation", "github_id"]
    list_filter = ["trouble", "private", "archived"]
    search_fields = ["full_name", "github_id"]
    list_select_related = ["installation"]


@admin.register(Connection)
class ConnectionAdmin(ReadOnly):
    list_display = ["service", "repository", "created_at"]
    search_fields = ["service__name", "repository__full_name"]
    list_select_related = ["service", "repository"]


@admin.register(Identity)
class IdentityAdmin(ReadOnly):
    list_display = ["login", "github_id", "user", "created_at", "refreshed_at"]
    search_fields = ["login", "github_id", "user__email"]
    list_select_related = ["user"]
    exclude = ["token", "refresh_token"]
