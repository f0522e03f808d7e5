"""Addresses of the sign-in with GitHub."""

from __future__ import annotations

from apps.github import views_sign_in, views_sign_in_policy
from apps.lib.urls import page

urlpatterns = [
    page("login/github/", views_sign_in.begin, name="github-sign-in"),
    page("complete/github/", views_sign_in.complete, name="github-signed-in"),
    page("profile/github/unlink", views_sign_in.unlinked, name="github-unlink"),
    page("installation/sign-in", views_sign_in_policy.sign_in_policy, name="sign-in-policy"),
]
