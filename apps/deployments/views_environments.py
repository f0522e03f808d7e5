"""Environments that people make, such as staging: make one, delete one. Those of pull requests are `apps.previews`'s."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from apps.accounts.policy import Permission
from apps.accounts.session import actor_of
from apps.deployments.environments import delete_environment, why_kept
from apps.lib.forms import said_at, status_of
from apps.projects.access import environment_for, project_for_writer
from apps.projects.actions import create_environment
from apps.projects.forms import ConfirmForm
from apps.projects.forms_environments import EnvironmentForm
from apps.projects.models import Volume


@require_http_methods(["GET", "POST"])
def environment_new(request: HttpRequest, project_id: UUID) -> HttpResponse:
    """A name and, if it is another, a branch."""
    actor = actor_of(request)
    project = project_for_writer(actor, project_id, Permission.WRITE_SERVICE)
    form = EnvironmentForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        with said_at(form, "name", source="branch"):
            row = create_environment(actor=actor, project=project, **form.cleaned_data)
            messages.info(request, f"Services are deployed in {row.slug} from their own pages.")
            return redirect("project", project_id=project.pk)
    context = {"project": project, "form": form}
    return render(request, "deployments/environment_new.html", context, status=status_of(form))


@require_http_methods(["GET", "POST"])
def environment_delete(request: HttpRequest, environment_id: UUID) -> HttpResponse:
    """Its name typed deletes it with all that runs in it; of production it says why it stays."""
    actor = actor_of(request)
    row = environment_for(actor, environment_id)
    actor.require(Permission.DELETE, row.project.team_id)
    kept = why_kept(row)
    if kept is not None:
        context = {"project": row.project, "environment": row, "kept": kept}
        status = kept.status if request.method == "POST" else 200
        return render(request, "deployments/environment_delete.html", context, status=status)
    form = ConfirmForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        with said_at(form, "confirm"):
            delete_environment(actor=actor, environment=row, confirm=form.cleaned_data["confirm"])
            messages.info(request, f"{row.slug} is deleted.")
            return redirect("project", project_id=row.project_id)
    volumes = Volume.objects.filter(environment=row, discarded_at=None)
    context = {"project": row.project, "environment": row, "form": form, "volumes": volumes}
    return render(request, "deployments/environment_delete.html", context, status=status_of(form))
