"""Addresses of webhooks: where other servers post, and pages."""

from __future__ import annotations

from django.urls import path

from apps.lib.urls import page
from apps.webhooks import views, views_hook, views_operator
from apps.webhooks.forges import FORGES

receiving = [
    path("github", views.webhook, {"forge": "github"}, name="webhook-github"),
    *(path(f"{name}/<uuid:hook_id>", views.webhook, {"forge": name}, name=f"webhook-{name}-service")
      for name in FORGES),
]  # fmt: skip

urlpatterns = [
    page("services/<uuid:service_id>/hook", views_hook.hook, name="hook"),
    page("services/<uuid:service_id>/hook/rotate", views_hook.hook_rotate, name="hook-rotate"),
    page("services/<uuid:service_id>/hook/remove", views_hook.hook_remove, name="hook-remove"),
    page("operator/deliveries", views_operator.delivery_list, name="deliveries"),
    page("operator/deliveries/<uuid:delivery_id>", views_operator.delivery, name="delivery"),
    page("operator/deliveries/<uuid:delivery_id>/replay", views_operator.delivery_replay, name="delivery-replay"),
]
