"""People, teams, tokens, settings and activity for operators. Digests of tokens and links are never shown."""

from __future__ import annotations

from django.apps import apps
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from apps.accounts.admin_keys import rotate_keys
from apps.accounts.models import (
    ActivityEvent,
    ApiToken,
    ApiTokenQuerySet,
    Installation,
    Invitation,
    Membership,
    SignInLink,
    Team,
    User,
    UserSession,
)
from apps.lib.admin import ChangeOnly, ReadOnly

for model in apps.get_app_config("social_django").get_models():  # Of its tables only the states of sign-ins are used.
    if admin.site.is_registered(model):
        admin.site.unregister(model)

admin.site.site_header = admin.site.site_title = "Slipway operators"


@admin.register(User)
class UserAdmin(ChangeOnly):
    """An operator may rename people, end their access and make other operators. Passwords are their own."""

    list_display = ["name", "email", "is_active", "is_staff", "last_login", "created_at"]
    list_filter = ["is_active", "is_staff"]
    search_fields = ["name", "email"]
    fields = [
        "name", "email", "is_email_verified", "is_active", "is_staff", "is_superuser", "last_login", "created_at",
    ]  # fmt: skip
    readonly_fields = ["last_login", "created_at"]


@admin.register(Team)
class TeamAdmin(ChangeOnly):
    list_display = ["name", "slug", "created_at"]
    search_fields = ["name", "slug"]
    fields = ["name", "slug", "created_at"]
    readonly_fields = ["slug", "created_at"]


@admin.register(Membership)
class MembershipAdmin(ReadOnly):
    list_display = ["user", "team", "role", "created_at"]
    list_filter = ["role"]
    search_fields = ["user__name", "user__email", "team__name"]
    list_select_related = ["user", "team"]


@admin.register(ApiToken)
class ApiTokenAdmin(ReadOnly):
    list_display = ["name", "user", "scope", "prefix", "created_at", "expires_at", "last_used_at", "revoked_at"]
    list_filter = ["scope", "revoked_at"]
    search_fields = ["name", "prefix", "user__name", "user__email"]
    list_select_related = ["user"]
    exclude = ["digest"]
    actions = ["revoke"]

    @admin.action(description="Revoke")
    def revoke(self, request: HttpRequest, rows: QuerySet[ApiToken]) -> None:
        """An operator ends anybody's token; a person ends their own by `actions.revoke_api_token`."""
        ended = ApiTokenQuerySet(ApiToken).filter(pk__in=rows.values("pk")).end()
        self.message_user(request, f"{ended} revoked.")


@admin.register(UserSession)
class UserSessionAdmin(ReadOnly):
    """Never its key, with which one would be that person."""

    list_display = ["user", "agent", "address", "way", "created_at", "seen_at"]
    search_fields = ["user__name", "user__email", "agent", "address"]
    list_select_related = ["user"]
    exclude = ["session_key"]


@admin.register(SignInLink)
class SignInLinkAdmin(ReadOnly):
    list_display = ["user", "created_at", "expires_at", "used_at"]
    search_fields = ["user__name", "user__email"]
    list_select_related = ["user"]
    exclude = ["digest"]


@admin.register(Invitation)
class InvitationAdmin(ReadOnly):
    list_display = ["email", "team", "role", "invited_by", "expires_at", "accepted_at", "revoked_at"]
    list_filter = ["role", "team"]
    search_fields = ["email", "team__name", "invited_by__name"]
    list_select_related = ["team", "invited_by"]
    exclude = ["digest"]


@admin.register(Installation)
class InstallationAdmin(ReadOnly):
    """To look at: the dashboard checks a base domain before it takes it."""

    list_display = ["__str__", "base_domain", "checklist_dismissed_at", "disk_measured_at"]
    search_fields = ["base_domain"]
    actions = [rotate_keys]


@admin.register(ActivityEvent)
class ActivityEventAdmin(ReadOnly):
    list_display = ["created_at", "team", "actor_name", "verb", "subject_type", "subject_name"]
    list_filter = ["verb", "subject_type", "team"]
    search_fields = ["actor_name", "subject_name", "verb"]
    list_select_related = ["team"]
    date_hierarchy = "created_at"
