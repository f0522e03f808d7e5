"""What pages of projects and services show of previews."""

from __future__ import annotations

from typing import Any

from django import template
from django.db.models import Q

from apps.accounts.session import abilities, actor_of
from apps.github.models import Connection
from apps.previews.forms import PreferenceForm
from apps.previews.models import Preview, preference_of
from apps.previews.reading import shown
from apps.projects.models import Environment, Project, Service

register = template.Library()

MOST = 30


@register.inclusion_tag("previews/_environments.html", takes_context=True)
def project_environments(context: template.RequestContext, project: Project) -> dict[str, Any]:
    """Previews that are open or stand, and the environments that people made."""
    rows = Preview.objects.filter(Q(is_open=True) | Q(environment__isnull=False), project=project)
    found = list(rows.select_related("repository", "environment").order_by("-updated_at")[:MOST])
    return {
        "request": context["request"],
        "csrf_token": context.get("csrf_token"),
        "project": project,
        "can": context.get("can") or abilities(actor_of(context["request"]), project.team_id),
        "previews": shown(found),
        "environments": Environment.objects.filter(project=project).exclude(kind="preview").order_by("created_at"),
        "service": project.services.order_by("created_at").first(),
        "any_connected": Connection.objects.filter(service__project=project).exists(),
    }


@register.inclusion_tag("previews/_setting.html", takes_context=True)
def previews_setting(context: template.RequestContext, service: Service) -> dict[str, Any]:
    """The card of a service from GitHub that says what it wants of pull requests; nothing for others."""
    preference = preference_of(service)
    told = {name: getattr(preference, name) for name in ("is_on", "drafts", "limit", "days")}
    return {
        "service": service,
        "connection": Connection.objects.filter(service=service).select_related("repository").first(),
        "form": PreferenceForm(initial=told, auto_id="id_previews_%s"),
        "can": context.get("can") or abilities(actor_of(context["request"]), service.team_id),
        "csrf_token": context.get("csrf_token"),
    }


@register.inclusion_tag("previews/_of.html")
def preview_of(environment: Environment | None) -> dict[str, Any]:
    """On pages of a service in a preview: which pull request it is. Nothing in other environments."""
    row = None
    if environment is not None and environment.is_preview:
        row = Preview.objects.filter(environment=environment).select_related("repository").first()
    return {"preview": row}
