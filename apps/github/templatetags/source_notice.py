"""What happened to a service's repository at GitHub, above each of its pages."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django import template
from django.db.models import QuerySet
from django.template import RequestContext
from django.urls import reverse

from apps.github.app import the_app
from apps.github.models import Connection
from apps.github.troubles import told_of
from apps.lib.asked_often import asked_often
from apps.projects.models import Service

register = template.Library()
SAYS_IT_ITSELF = "service-source"


@register.inclusion_tag("github/_source_notice.html", takes_context=True)
def source_notice(context: RequestContext, service: Service) -> dict[str, Any]:
    """One query while all is well."""
    request = context["request"]
    if request.resolver_match.url_name == SAYS_IT_ITSELF:
        return {}
    row = next(iter(_connections(service.pk)), None)
    told = told_of(row.repository, None) if row else None
    if row is None or told is None:
        return {}
    back = urlencode({"next": request.path})
    mend = f"{reverse('github-install')}?{back}" if the_app() and told.trouble != "deleted" else ""
    return {"told": told, "mend": mend, "at": row.repository.trouble_at, "service": service}


@asked_often
def _connections(service: UUID) -> QuerySet[Connection]:
    return Connection.objects.filter(service=service).select_related("repository__installation")
