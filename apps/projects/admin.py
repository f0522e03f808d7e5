"""Projects and what is in them for operators. Values of variables and source tokens are never shown."""

from __future__ import annotations

from django.contrib import admin

from apps.lib.admin import ChangeOnly, ReadOnly
from apps.projects.models import Domain, Environment, Project, Registry, Service, Variable, Volume


@admin.register(Project)
class ProjectAdmin(ReadOnly):
    list_display = ["name", "team", "slug", "created_at"]
    list_filter = ["team"]
    search_fields = ["name", "slug", "team__name"]
    list_select_related = ["team"]


@admin.register(Environment)
class EnvironmentAdmin(ReadOnly):
    list_display = ["project", "name", "slug", "created_at"]
    list_filter = ["slug"]
    search_fields = ["name", "project__name"]
    list_select_related = ["project"]


@admin.register(Service)
class ServiceAdmin(ChangeOnly):
    """An operator may change limits and checks; what is built is the team's own."""

    list_display = ["name", "project", "source_url", "branch", "auto_deploy", "auto_deploy_paused_at", "created_at"]
    list_filter = ["auto_deploy", "project__team"]
    search_fields = ["name", "slug", "project__name", "source_url"]
    list_select_related = ["project"]
    exclude = ["source_token", "source_key", "compose_said"]
    readonly_fields = [
        "project", "name", "slug", "source_url", "image", "compose", "branch", "root_directory",
        "builder", "builder_image", "dockerfile", "language_version", "packages", "install_command",
        "build_command", "start_command", "release_command", "static_dir", "auto_deploy_paused_at", "created_at",
    ]  # fmt: skip


@admin.register(Variable)
class VariableAdmin(ReadOnly):
    list_display = ["name", "project", "service", "environment", "is_secret", "updated_at"]
    list_filter = ["is_secret", "project__team"]
    search_fields = ["name", "project__name", "service__name"]
    list_select_related = ["project", "service", "environment__project"]
    exclude = ["value"]


@admin.register(Registry)
class RegistryAdmin(ReadOnly):
    list_display = ["host", "team", "username", "created_at"]
    list_filter = ["team"]
    search_fields = ["host", "team__name"]
    list_select_related = ["team"]
    exclude = ["password"]


@admin.register(Domain)
class DomainAdmin(ReadOnly):
    list_display = ["host", "service", "environment", "is_generated", "created_at"]
    list_filter = ["is_generated"]
    search_fields = ["host", "service__name"]
    list_select_related = ["service", "environment__project"]


@admin.register(Volume)
class VolumeAdmin(ReadOnly):
    list_display = ["name", "project", "service", "environment", "path", "discarded_at", "created_at"]
    list_filter = ["discarded_at"]
    search_fields = ["name", "project__name", "service__name"]
    list_select_related = ["project", "service", "environment__project"]
