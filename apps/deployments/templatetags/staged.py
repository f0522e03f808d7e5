"""The bar of changes that are not live, on every page of a service."""

from __future__ import annotations

from typing import Any

from django import template

from apps.accounts.policy import Permission
from apps.accounts.session import abilities, actor_of
from apps.deployments.models import Deployment
from apps.deployments.release_variables import given_to
from apps.deployments.staged import Staged, staged_of
from apps.deployments.views_staged import bar_of
from apps.projects.models import Service

register = template.Library()


def _rights(context: template.RequestContext, service: Service) -> set[str]:
    """The view told them in `can`; without it they are asked."""
    told: set[str] | None = context.get("can")
    return abilities(actor_of(context["request"]), service.team_id) if told is None else told


def _staged(context: template.RequestContext, service: Service) -> tuple[Staged, set[str]]:
    """Looked up once a page."""
    if "staged_found" not in context:
        can = _rights(context, service)
        may_read = Permission.WRITE_VARIABLES in can
        # At the bottom, so that the other tag of the page finds it too.
        bottom: dict[str, Any] = context.dicts[0]
        where = context.get("environment") or service.environment
        bottom["staged_found"] = staged_of(service, where, may_read=may_read), can
    found: tuple[Staged, set[str]] = context["staged_found"]
    return found


@register.inclusion_tag("projects/_staged.html", takes_context=True)
def staged_bar(context: template.RequestContext, service: Service) -> dict[str, Any]:
    staged, can = _staged(context, service)
    where, card = context.get("environment"), context.get("card")
    told = {"request": context["request"], "service": service, "environment": where}
    return {
        **told,
        "environment_query": context.get("environment_query", ""),
        "can": can,
        **bar_of(staged, service, where or service.environment, card.health if card else None),
    }


@register.simple_tag(takes_context=True)
def staged_names(context: template.RequestContext, service: Service) -> set[str]:
    """Names of the service's variables that are not live as they stand."""
    return _staged(context, service)[0].names


@register.inclusion_tag("projects/_release_variables.html", takes_context=True)
def release_variables(context: template.RequestContext, deployment: Deployment) -> dict[str, Any]:
    """Where each value of a deployment's release came from."""
    may_read = Permission.WRITE_VARIABLES in _rights(context, deployment.service)
    given = given_to(deployment.release, may_read=may_read)
    return {"request": context["request"], "deployment": deployment, "given": given}
