"""Addresses of previews."""

from __future__ import annotations

from apps.lib.urls import page
from apps.previews import views

urlpatterns = [
    page("projects/<uuid:project_id>/previews", views.project_previews, name="project-previews"),
    page("previews/<uuid:preview_id>", views.preview, name="preview"),
    page("previews/<uuid:preview_id>/approve", views.preview_approve, name="preview-approve"),
    page("previews/<uuid:preview_id>/keep", views.preview_keep, name="preview-keep"),
    page("previews/<uuid:preview_id>/redeploy", views.preview_redeploy, name="preview-redeploy"),
    page("previews/<uuid:preview_id>/delete", views.preview_delete, name="preview-delete"),
    page("services/<uuid:service_id>/previews", views.service_previews, name="service-previews"),
]
