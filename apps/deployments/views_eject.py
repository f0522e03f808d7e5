"""Eject: the page of the Dockerfile that Slipway made, and its files to keep."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from apps.accounts.session import actor_of
from apps.deployments.access import deployment_for
from apps.deployments.ejecting import ejected_of, file_of, newest_planned
from apps.projects.access import service_for
from apps.projects.environments import query_of
from workers.errors import UserError


@never_cache
@require_GET
def deployment_dockerfile(request: HttpRequest, deployment_id: UUID) -> HttpResponse:
    """What is in it, where it belongs and what it changes; `file` gives one of its files. Says why there is none."""
    row = deployment_for(actor_of(request), deployment_id)
    context: dict[str, Any] = {"deployment": row, "service": row.service, "environment": row.environment}
    context["environment_query"] = query_of(row.environment)
    try:
        found = ejected_of(row)
    except UserError as error:
        return render(request, "deployments/eject.html", {**context, "error": error}, status=error.status)
    if "file" in request.GET:
        return file_of(found, request.GET["file"])
    others = {name: text for name, text in found.files.items() if name != found.path}
    notes = [note.split(": ", 1) for note in found.notes]
    shown = {"found": found, "notes": notes, "others": others, "lines": highlighted(found.dockerfile)}
    return render(request, "deployments/eject.html", {**context, **shown})


@never_cache
@require_GET
def service_dockerfile(request: HttpRequest, service_id: UUID) -> HttpResponse:
    """Of its newest deployment that has a plan."""
    row = newest_planned(service_for(actor_of(request), service_id))
    return redirect("deployment-dockerfile", deployment_id=row.pk)


def highlighted(text: str) -> SafeString:
    """Comments faint, instructions strong."""
    return format_html_join("\n", "{}", ((_line(line),) for line in text.rstrip("\n").split("\n")))


def _line(line: str) -> SafeString:
    if line.startswith("#"):
        return format_html('<span class="dim">{}</span>', line)
    word, space, rest = line.partition(" ")
    return format_html("<b>{}</b>{}{}", word, space, rest) if word.isupper() else format_html("{}", line)
