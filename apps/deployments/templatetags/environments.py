"""The choice of an environment, on every page of a service."""

from __future__ import annotations

from typing import Any

from django import template
from django.db.models import Case, Value, When

from apps.projects.environments import query_of
from apps.projects.models import Environment, EnvironmentKind, Service

register = template.Library()

SHOWN = 12
ORDER = Case(When(kind=EnvironmentKind.PRODUCTION, then=Value(0)), When(kind=EnvironmentKind.STAGING, then=Value(1)),
             default=Value(2))  # fmt: skip


@register.inclusion_tag("deployments/_environments.html", takes_context=True)
def environment_switch(context: template.RequestContext, service: Service) -> dict[str, Any]:
    """Production first, the newest previews last. Nothing while there is but one."""
    here: Environment | None = context.get("environment")
    rows = list(Environment.objects.filter(project=service.project_id).order_by(ORDER, "-created_at")[: SHOWN + 1])
    return {
        "service": service,
        "here": here or next((row for row in rows if row.is_production), None),
        "choices": [(row, query_of(row)) for row in rows[:SHOWN]] if len(rows) > 1 else [],
        "has_more": len(rows) > SHOWN,
    }
