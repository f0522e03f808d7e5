"""Addresses of everything."""

from __future__ import annotations

from django.contrib import admin
from django.urls import path

from paas import health
from paas.api import agent_api

urlpatterns = [
    path("livez", health.livez, name="livez"),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", health.metrics, name="metrics"),
    path("api/agent/", agent_api.urls),
    path("admin/", admin.site.urls),
]
