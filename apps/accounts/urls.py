"""Addresses of signing in, teams and tokens."""

from __future__ import annotations

from apps.accounts import views, views_invitations, views_look, views_profile, views_team, views_tokens
from apps.lib.urls import page

urlpatterns = [
    page("setup/<str:token>", views.setup, name="setup"),
    page("link/<str:token>", views.link, name="link"),
    page("sign-in", views.sign_in, name="sign-in"),
    page("sign-out", views.sign_out, name="sign-out"),
    page("theme", views_look.theme, name="theme"),
    page("profile", views_profile.profile, name="profile"),
    page("profile/password", views_profile.profile_password, name="profile-password"),
    page("profile/sign-out-everywhere", views_profile.profile_sign_out, name="profile-sign-out"),
    page("profile/sessions/<uuid:session_id>/end", views_profile.session_end, name="session-end"),
    page("tokens", views_tokens.tokens, name="tokens"),
    page("tokens/<uuid:token_id>/revoke", views_tokens.token_revoke, name="token-revoke"),
    page("teams/new", views_team.team_new, name="team-new"),
    page("teams/<uuid:team_id>", views_team.team, name="team"),
    page("teams/<uuid:team_id>/activity", views_team.activity, name="activity"),
    page("teams/<uuid:team_id>/settings", views_team.team_settings, name="team-settings"),
    page("teams/<uuid:team_id>/delete", views_team.team_delete, name="team-delete"),
    page("invitations/<str:token>", views_invitations.invitation, name="invitation"),
    page("invitations/<uuid:invitation_id>/revoke", views_invitations.invitation_revoke, name="invitation-revoke"),
    page("members/<uuid:membership_id>", views_team.member_change, name="member-change"),
    page("members/<uuid:membership_id>/remove", views_team.member_remove, name="member-remove"),
]
