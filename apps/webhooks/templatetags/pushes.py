"""What the pages of a service say of its pushes. In a tag, because those pages belong to apps that know no webhooks."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import template
from django.db.models import QuerySet

from apps.lib.asked_often import asked_often
from apps.projects.models import Environment, Service
from apps.webhooks.models import Kind, Outcome
from apps.webhooks.queries import hook_of, pushes_of, standing_of

register = template.Library()


@register.inclusion_tag("webhooks/_standing.html")
def push_standing(service: Service, environment: Environment | None = None) -> dict[str, Any]:
    """A push that waits for its checks, and the last one when it was not deployed."""
    return {"service": service, "pushes": standing_of(service, environment)}


@register.inclusion_tag("webhooks/_pushes.html")
def pushes_not_deployed(service: Service) -> dict[str, Any]:
    """The last ones, beside the list of those that were."""
    return {"rows": _not_deployed(service.pk)}


@asked_often
def _not_deployed(service: UUID) -> QuerySet[Outcome]:
    return pushes_of(service).exclude(kind=Kind.DEPLOYED).order_by("-created_at")[:10]


@register.inclusion_tag("webhooks/_hook_hint.html")
def hook_hint(service: Service) -> dict[str, Any]:
    """How pushes are heard of, on the page of settings."""
    return {"service": service, "hook": hook_of(service), "is_connected": hasattr(service, "connection")}
