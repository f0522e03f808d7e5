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
from apps.deployments.filters import STATUSES, Filters
from apps.deployments.metrics_cards import last_hour
from apps.deployments.presentation import TRIGGERS, slip_of
from apps.deployments.queries import branches_of, card_of, newest_of, of_place, page_of, releases_of, serving_health
from apps.deployments.started import tell_started
from apps.lib.forms import said_at, status_of
from apps.projects.access import service_for, service_for_writer
from apps.projects.environments import environment_asked
from apps.projects.forms import ConfirmForm
from apps.projects.models import Environment, Service, Volume


@never_cache
@require_GET
def service(request: HttpRequest, service_id: UUID) -> HttpResponse:
    """The overview; for htmx only what changes by itself."""
    actor = actor_of(request)
    row = service_for(actor, service_id)
    template = "_service_status.html" if request.htmx else "service.html"  # type: ignore[attr-defined]
    where = environment_asked(request.GET, row.project)
    return render(request, f"deployments/{template}", _overview(actor, row, where))


def _overview(actor: Actor, row: Service, where: Environment) -> dict[str, Any]:
    newest = newest_of(row, where)
    card = card_of(row, where, newest)
    return {
        "service": row,
        "environment": where,
        "card": card,
        "slip": slip_of(card.live) if card.live else [],
        "before": outcome.release_before(card.live) if card.live else None,
        "newest": newest,
        "oldest": newest[::-1],
        "releases": releases_of(row, where),
        "hour": last_hour(row, where),
        "can": abilities(actor, row.team_id),
    }


@never_cache
@require_GET
def service_deployments(request: HttpRequest, service_id: UUID) -> HttpResponse:
    """Newest first; `?status=`, `?trigger=` and `?branch=` narrow them."""
    actor = actor_of(request)
    row = service_for(actor, service_id)
    where = environment_asked(request.GET, row.project)
    filters = Filters.of(request.GET)
    found, cursor = page_of(row, where, filters, cursor=request.GET.get("cursor", ""))
    context = {
        "service": row,
        "environment": where,
        "deployments": of_place(found, row, where),
        "health": serving_health(found, row, where),
        "cursor": cursor,
        "filters": filters,
        "statuses": {name: word for name, (word, _) in STATUSES.items()},
        "triggers": TRIGGERS,
        "branches": branches_of(row.pk, where.pk),
        "can": abilities(actor, row.team_id),
    }
    template = "_deployments_list.html" if request.htmx else "deployments.html"  # type: ignore[attr-defined]
    return render(request, f"deployments/{template}", context)


@require_POST
def service_deploy(request: HttpRequest, service_id: UUID) -> HttpResponse:
    actor = actor_of(request)
    row = service_for_writer(actor, service_id, Permission.DEPLOY)
    where = environment_asked(request.GET, row.project)
    made = actions.deploy(actor=actor, service=row, environment=where, **_asked(request))
    tell_started(request, made)
    return redirect("deployment", deployment_id=made.pk)


def _asked(request: HttpRequest) -> dict[str, Any]:
    """How it is deployed: `no_cache` builds from nothing, `reuse_build` takes the live image with what is new."""
    return {name: bool(request.POST.get(name)) for name in ("no_cache", "reuse_build")}


@require_POST
def service_resume(request: HttpRequest, service_id: UUID) -> HttpResponse:
    """Pushes are deployed again."""
    actor = actor_of(request)
    row = service_for_writer(actor, service_id, Permission.DEPLOY)
    actions.resume_auto_deploy(actor=actor, service=row)
    return redirect("service", service_id=row.pk)


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
