"""Which environment a page or a request is about. Read only."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest
from django.utils.datastructures import MultiValueDict

from apps.accounts.access import not_found
from apps.projects.models import Environment, Project, Service

SLUG = re.compile(r"[-a-zA-Z0-9_]{1,40}")


def environment_asked(told: MultiValueDict[str, str], project: Project) -> Environment:
    """The one that an address or a form names by its slug, `environment`; production without. 404 for none of theirs."""
    return environment_named(project, told.get("environment") or None) or project.nearest[0]


def environment_named(project: Project, name: str | None) -> Environment | None:
    """By slug or id; None stays None. 404 for one that the project does not have."""
    if name is None:
        return None
    found = next((row for row in project.environments.all() if name in (row.slug, row.key)), None)
    if found is None:
        raise not_found("environment")
    return found


def environment_or_production(service: Service, name: str) -> Environment:
    return environment_named(service.project, name or None) or service.environment


def query_of(environment: Environment) -> str:
    """What an address ends with to be about it: `?environment=pr-12`; "" for production."""
    return "" if environment.is_production else "?" + urlencode({"environment": environment.slug})


def asked(request: HttpRequest) -> dict[str, Any]:
    """`{{ environment_query }}` of every template: links between pages of a service stay in its environment."""
    slug = request.GET.get("environment", "")
    return {"environment_query": "?" + urlencode({"environment": slug}) if SLUG.fullmatch(slug) else ""}
