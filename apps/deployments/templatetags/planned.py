"""How something is built, with where each value came from: on pages of a deployment, of the import and of the settings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import template

from apps.deployments.ejecting import may_eject
from apps.deployments.models import Deployment
from apps.deployments.planned import plan_of, values_of, words_of
from apps.deployments.queries import live_of
from apps.deployments.resources import resources_for, resources_of
from apps.projects.models import Service

register = template.Library()

# Settings of a service -> values of a plan.
VALUES = {
    "language_version": "version",
    "packages": "system_packages",
    "install_command": "install",
    "build_command": "build",
    "start_command": "start",
    "release_command": "release",
}


@register.inclusion_tag("deployments/_plan.html")
def plan_values(plan: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "values": [*values_of(plan), *resources_of(Service(image="pulled" if plan.get("language") == "image" else ""))]
    }


@register.filter
def other_reasons(plan: Mapping[str, Any]) -> list[str]:
    """Those that the table of its values does not tell."""
    told = tuple(value.origin for value in values_of(plan) if value.origin)
    return [reason for reason in plan.get("reasons", ()) if not reason.endswith(told)]


@register.inclusion_tag("deployments/_plan.html")
def plan_of_deployment(deployment: Deployment) -> dict[str, Any]:
    values = plan_of(deployment)
    return {
        "values": values and [*values, *resources_for(deployment)],
        "of": deployment,
        "may_eject": may_eject(deployment),
    }


@register.simple_tag(takes_context=True)
def planned_now(context: template.RequestContext, service: Service, setting: str) -> str:
    """What serves now for a setting, and where it came from; looked up once a page."""
    bottom: dict[str, Any] = context.dicts[0]
    if "planned_now" not in bottom:
        live = live_of(service, service.environment)
        bottom["planned_now"] = words_of(plan_of(live)) if live else {}
    found: dict[str, str] = bottom["planned_now"]
    return found.get(VALUES.get(setting, setting), "")
