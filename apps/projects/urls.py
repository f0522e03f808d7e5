"""Addresses of what belongs to a service but does not run."""

from __future__ import annotations

from apps.lib.urls import page
from apps.projects import views

urlpatterns = [
    page("services/<uuid:service_id>/variables", views.variables, name="variables"),
    page("variables/<uuid:variable_id>/delete", views.variable_delete, name="variable-delete"),
    page("services/<uuid:service_id>/settings", views.service_settings, name="service-settings"),
]
