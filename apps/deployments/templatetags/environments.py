"""The choice of an environment, on every page of a service."""

from __future__ import annotations

from typing import Any

from django import template

from apps.projects.environments import query_of
from apps.projects.models import NEAREST, Environment, Service

register = template.Library()

SHOWN = NEAREST - 1


@register.filter
def as_option(environment: Environment | None) -> str:
    """What a command of `slipway` ends with to be about it: ` -e pr-12`; "" for production."""
    return f" -e {environment.slug}" if environment and not environment.is_production else ""


@register.inclusion_tag("deployments/_environments.html", takes_context=True)
def environment_switch(context: template.RequestContext, service: Service) -> dict[str, Any]:
    """Production first, the newest previews last. Nothing while there is but one."""
    here: Environment | None = context.get("environment")
    rows = service.project.nearest
    return {
        "service": service,
        "here": here or next((row for row in rows if row.is_production), None),
        "choices": [(row, query_of(row)) for row in rows[:SHOWN]] if len(rows) > 1 else [],
        "has_more": len(rows) > SHOWN,
    }
