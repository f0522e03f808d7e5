"""Addresses of feedback."""

from __future__ import annotations

from apps.feedback import views
from apps.lib.urls import page

urlpatterns = [
    page("services/<uuid:service_id>/feedback", views.service_feedback, name="service-feedback"),
    page("operator/outbox", views.outbox, name="outbox"),
    page("operator/outbox/<uuid:news_id>/try", views.outbox_try, name="outbox-try"),
]
