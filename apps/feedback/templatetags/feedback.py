"""What pages of deployments and services show of GitHub."""

from __future__ import annotations

from typing import Any

from django import template

from apps.accounts.session import abilities, actor_of
from apps.deployments.models import Deployment
from apps.feedback.models import Mode
from apps.feedback.reading import links_of
from apps.feedback.truth import mode_of_service
from apps.github.models import Connection
from apps.projects.models import Service

register = template.Library()


@register.inclusion_tag("feedback/_github.html")
def github_facts(deployment: Deployment) -> dict[str, Any]:
    """Facts of a deployment from GitHub: its commit, pull request and state there. Nothing for others."""
    return {"links": links_of(deployment)}


@register.inclusion_tag("feedback/_setting.html", takes_context=True)
def feedback_setting(context: template.RequestContext, service: Service) -> dict[str, Any]:
    """The card of a service from GitHub that says how much is told there; nothing for others."""
    connection = Connection.objects.filter(service=service).select_related("repository").first()
    can = context.get("can") or abilities(actor_of(context["request"]), service.team_id)
    return {
        "service": service,
        "connection": connection,
        "mode": mode_of_service(service.pk) if connection else "",
        "choices": Mode.choices,
        "can": can,
        "csrf_token": context.get("csrf_token"),
    }
