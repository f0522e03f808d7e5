"""One service: what serves, what happened, what it says; deploy, resume, delete."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.access import Actor
from apps.accounts.policy import Permission
from apps.accounts.session import abilities, actor_of
from apps.deployments import actions, outcome
from apps.deployments.forms import whole_number
from apps.deployments.logtext import first_view
from apps.deployments.models import Deployment, LogStream
from apps.deployments.presentation import slip_of
from apps.deployments.queries import card_of, newest_of, releases_of
from apps.deployments.views import log_answer
from apps.lib import pages
from apps.lib.forms import said_at, status_of
from apps.projects.access import service_for, service_for_writer
from apps.projects.forms import ConfirmForm
from apps.projects.models import Service, Volume


@never_cache
@require_GET
def service(request: HttpRequest, service_id: UUID) -> HttpResponse:
    """The overview; for htmx only what changes by itself."""
    actor = actor_of(request)
    row = service_for(actor, service_id)
    template = "_service_status.html" if request.htmx else "service.html"  # type: ignore[attr-defined]
    return render(request, f"deployments/{template}", _overview(actor, row))


def _overview(actor: Actor, row: Service) -> dict[str, Any]:
    card = card_of(row)
    return {
        "service": row,
        "card": card,
        "slip": slip_of(card.live) if card.live else [],
        "before": outcome.release_before(card.live) if card.live else None,
        "newest": newest_of(row),
        "releases": releases_of(row),
        "can": abilities(actor, row.team_id),
    }


@require_GET
def service_deployments(request: HttpRequest, service_id: UUID) -> HttpResponse:
    row = service_for(actor_of(request), service_id)
    rows = Deployment.objects.filter(service=row).with_names()
    found, cursor = pages.page(rows, cursor=request.GET.get("cursor", ""))
    context = {"service": row, "deployments": found, "cursor": cursor}
    return render(request, "deployments/deployments.html", context)


@require_POST
def service_deploy(request: HttpRequest, service_id: UUID) -> HttpResponse:
    actor = actor_of(request)
    row = service_for_writer(actor, service_id, Permission.DEPLOY)
    made = actions.deploy(actor=actor, service=row, no_cache=bool(request.POST.get("no_cache")))
    return redirect("deployment", deployment_id=made.pk)


@require_POST
def service_resume(request: HttpRequest, service_id: UUID) -> HttpResponse:
    """Pushes are deployed again."""
    actor = actor_of(request)
    row = service_for_writer(actor, service_id, Permission.DEPLOY)
    actions.resume_auto_deploy(actor=actor, service=row)
    return redirect("service", service_id=row.pk)


@never_cache
@require_GET
def service_logs(request: HttpRequest, service_id: UUID) -> HttpResponse:
    """What its containers say, and said before they ended."""
    row = service_for(actor_of(request), service_id)
    before = whole_number(request.GET.get("before"))
    lines = first_view(LogStream.objects.filter(service=row).first(), before)
    return render(request, "deployments/logs.html", {"service": row, "lines": lines, "is_earlier": before is not None})


@never_cache
@require_GET
def service_log(request: HttpRequest, service_id: UUID) -> HttpResponse:
    """What the socket gives, for those without one. It never finishes."""
    row = service_for(actor_of(request), service_id)
    return log_answer(request, LogStream.objects.filter(service=row).first(), finished=False)


@require_http_methods(["GET", "POST"])
def service_delete(request: HttpRequest, service_id: UUID) -> HttpResponse:
    """Its name typed deletes it; its volumes stay with the project until each is discarded."""
    actor = actor_of(request)
    row = service_for_writer(actor, service_id, Permission.DELETE)
    project = row.project
    form = ConfirmForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        with said_at(form, "confirm"):
            actions.delete_service(actor=actor, service=row, confirm=form.cleaned_data["confirm"])
            kept = Volume.objects.filter(project=project, service=None, discarded_at=None).exists()
            return redirect("project", project_id=project.pk) if kept else redirect("home")
    context = {"service": row, "form": form, "volumes": row.volumes.filter(discarded_at=None)}
    return render(request, "deployments/delete.html", context, status=status_of(form))
