"""A service's domains and volumes."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.policy import Permission
from apps.accounts.session import abilities, actor_of
from apps.deployments import actions
from apps.deployments.domains import domains_context
from apps.lib.forms import said_at, status_of
from apps.lib.undo import Undo, told
from apps.projects.access import domain_for, service_for, volume_for
from apps.projects.actions import create_volume
from apps.projects.environments import environment_asked, query_of
from apps.projects.forms import ConfirmForm, DomainForm, VolumeForm
from apps.projects.models import Volume


@never_cache
@require_http_methods(["GET", "POST"])
def domains(request: HttpRequest, service_id: UUID) -> HttpResponse:
    """Host names routed to it, and whether each leads here; POST adds one, which answers at once."""
    actor = actor_of(request)
    row = service_for(actor, service_id)
    where = environment_asked(request.GET, row.project)
    if request.method == "POST":
        actor.require(Permission.WRITE_DOMAINS, row.team_id)
    form = DomainForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        with said_at(form, "host"):
            host = form.cleaned_data["host"]
            actions.add_domain(actor=actor, service=row, environment=where, host=host)
            return redirect(reverse("domains", args=[row.pk]) + query_of(where))
    context = {"service": row, "environment": where, "form": form, **domains_context(actor, row, where)}
    return render(request, "deployments/domains.html", context, status=status_of(form))


@never_cache
@require_GET
def domains_check(request: HttpRequest, service_id: UUID) -> HttpResponse:
    """The fragment that looks again by itself."""
    actor = actor_of(request)
    row = service_for(actor, service_id)
    where = environment_asked(request.GET, row.project)
    context = {"service": row, "environment": where, **domains_context(actor, row, where)}
    return render(request, "deployments/_domains.html", context)


@require_POST
def domain_remove(request: HttpRequest, domain_id: UUID) -> HttpResponse:
    actor = actor_of(request)
    row = domain_for(actor, domain_id)
    actions.remove_domain(actor=actor, domain=row)
    back = reverse("domains", args=[row.service_id]) + query_of(row.environment)
    again = Undo(back, {"host": row.host})
    told(request, f"{row.host} is no longer routed.", undo=None if row.is_generated else again)
    return redirect(back)


@require_http_methods(["GET", "POST"])
def volumes(request: HttpRequest, service_id: UUID) -> HttpResponse:
    """Disks that are kept from release to release; POST declares one."""
    actor = actor_of(request)
    row = service_for(actor, service_id)
    if request.method == "POST":
        actor.require(Permission.WRITE_SERVICE, row.team_id)
    where = environment_asked(request.GET, row.project)
    form = VolumeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        with said_at(form, "name", path="path"):
            create_volume(actor=actor, service=row, environment=where, **form.cleaned_data)
            return redirect(reverse("volumes", args=[row.pk]) + query_of(where))
    found = Volume.objects.filter(service=row, environment=where, discarded_at=None).order_by("created_at")
    context = {"service": row, "environment": where, "form": form, "volumes": found}
    context["can"] = abilities(actor, row.team_id)
    return render(request, "deployments/volumes.html", context, status=status_of(form))


@require_http_methods(["GET", "POST"])
def volume_discard(request: HttpRequest, volume_id: UUID) -> HttpResponse:
    """Its name typed removes it and its data for ever."""
    actor = actor_of(request)
    row = volume_for(actor, volume_id)
    actor.require(Permission.DELETE, row.project.team_id)
    form = ConfirmForm(request.POST or None)
    back = redirect(reverse("volumes", args=[row.service_id]) + query_of(row.environment)) if row.service_id else None
    if request.method == "POST" and form.is_valid():
        with said_at(form, "confirm"):
            actions.discard_volume(actor=actor, volume=row, confirm=form.cleaned_data["confirm"])
            messages.info(request, f"The volume {row.name} is discarded.")
            return back or redirect("project", project_id=row.project_id)
    context = {"volume": row, "service": row.service, "project": row.project, "form": form}
    return render(request, "deployments/volume_discard.html", context, status=status_of(form))
