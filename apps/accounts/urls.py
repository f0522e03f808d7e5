"""Addresses of signing in, teams and tokens."""

from __future__ import annotations

from apps.accounts import views, views_team
from apps.lib.urls import page

urlpatterns = [
    page("setup/<str:token>", views.setup, name="setup"),
    page("link/<str:token>", views.link, name="link"),
    page("sign-in", views.sign_in, name="sign-in"),
    page("sign-out", views.sign_out, name="sign-out"),
    page("tokens", views_team.tokens, name="tokens"),
    page("tokens/<uuid:token_id>/revoke", views_team.token_revoke, name="token-revoke"),
    page("teams/<uuid:team_id>", views_team.team, name="team"),
    page("teams/<uuid:team_id>/activity", views_team.activity, name="activity"),
    page("members/<uuid:membership_id>", views_team.member_change, name="member-change"),
    page("members/<uuid:membership_id>/remove", views_team.member_remove, name="member-remove"),
]
