"""Addresses of what belongs to a service but does not run."""

from __future__ import annotations

from apps.lib.urls import page
from apps.projects import views, views_activity, views_registries, views_variables

urlpatterns = [
    page("teams/<uuid:team_id>/registries", views_registries.registries, name="registries"),
    page("registries/<uuid:registry_id>/forget", views_registries.registry_forget, name="registry-forget"),
    page("services/<uuid:service_id>/variables", views_variables.variables, name="variables"),
    page("services/<uuid:service_id>/variables/save", views_variables.variables_save, name="variables-save"),
    page("projects/<uuid:project_id>/variables", views_variables.project_variables, name="project-variables"),
    page(
        "projects/<uuid:project_id>/variables/save",
        views_variables.project_variables_save,
        name="project-variables-save",
    ),
    page("variables/<uuid:variable_id>", views_variables.variable, name="variable"),
    page("variables/<uuid:variable_id>/delete", views_variables.variable_delete, name="variable-delete"),
    page("variables/<uuid:variable_id>/restore", views_variables.variable_restore, name="variable-restore"),
    page("services/<uuid:service_id>/settings", views.service_settings, name="service-settings"),
    page("services/<uuid:service_id>/activity", views_activity.service_activity, name="service-activity"),
    page("projects/<uuid:project_id>/activity", views_activity.project_activity, name="project-activity"),
]
