"""Addresses of the connection to GitHub."""

from __future__ import annotations

from apps.github import views_app, views_installing
from apps.lib.urls import page

urlpatterns = [
    page("operator/github", views_app.github_app, name="github-app"),
    page("operator/github/by-hand", views_app.github_by_hand, name="github-by-hand"),
    page("operator/github/check", views_app.github_check, name="github-check"),
    page("operator/github/disconnect", views_app.github_disconnect, name="github-disconnect"),
    page("operator/github/refresh", views_app.github_refresh, name="github-refresh"),
    page("operator/github/send-here", views_app.github_send_here, name="github-send-here"),
    page("github/created", views_app.github_created, name="github-created"),
    page("github/install", views_installing.github_install, name="github-install"),
    page("github/setup", views_installing.github_setup, name="github-setup"),
]
