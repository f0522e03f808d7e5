"""The first page and a project."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from apps.accounts.access import teams_of
from apps.accounts.policy import Permission
from apps.accounts.session import abilities, actor_of
from apps.deployments import actions
from apps.deployments.board import board
from apps.deployments.forms import whole_number
from apps.deployments.picker import first_picker
from apps.lib.forms import said_at, status_of, words_of
from apps.projects.access import project_for
from apps.projects.actions import rename_project
from apps.projects.forms import ConfirmForm, NameForm
from apps.projects.models import Volume


@never_cache
@require_GET
def home(request: HttpRequest) -> HttpResponse:
    """Every service of the person's teams, failing ones first; `?q=`, `?team=` and `?page=` choose among them."""
    actor = actor_of(request)
    teams = teams_of(actor)
    words, page = words_of(request.GET.get("q")), whole_number(request.GET.get("page")) or 1
    team = next((team for team in teams if str(team.pk) == request.GET.get("team")), None)
    cards = board(actor, words=words, team=team.pk if team else None, page=page)
    context: dict[str, Any] = {
        "board": cards,
        "teams": teams,
        "chosen": team,
        "words": words,
        "can_create": any(actor.can(Permission.WRITE_SERVICE, team.pk) for team in teams),
    }
    if context["can_create"] and not words and not (cards.cards or cards.empty):
        context["picker"] = first_picker(actor)
    template = "_projects.html" if request.htmx else "projects.html"  # type: ignore[attr-defined]
    return render(request, f"deployments/{template}", context)


@never_cache
@require_http_methods(["GET", "POST"])
def project(request: HttpRequest, project_id: UUID) -> HttpResponse:
    """Its services, which change by themselves, and the volumes it keeps; POST renames it."""
    actor = actor_of(request)
    row = project_for(actor, project_id)
    if request.method == "POST":
        actor.require(Permission.WRITE_SERVICE, row.team_id)
    form = NameForm(request.POST or None, initial={"name": row.name})
    if request.method == "POST" and form.is_valid():
        with said_at(form, "name"):
            rename_project(actor=actor, project=row, name=form.cleaned_data["name"])
            return redirect("project", project_id=row.pk)
    page = whole_number(request.GET.get("page")) or 1
    context = {"project": row, "can": abilities(actor, row.team_id)}
    context["board"] = board(actor, project=row.pk, page=page)
    if request.htmx:  # type: ignore[attr-defined]
        return render(request, "deployments/_project_status.html", context)
    kept = Volume.objects.filter(project=row, service=None, discarded_at=None)
    return render(request, "deployments/project.html", {**context, "kept": kept, "form": form}, status=status_of(form))


@require_http_methods(["GET", "POST"])
def project_delete(request: HttpRequest, project_id: UUID) -> HttpResponse:
    """Its name typed deletes it with all its services."""
    actor = actor_of(request)
    row = project_for(actor, project_id)
    actor.require(Permission.DELETE, row.team_id)
    form = ConfirmForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        with said_at(form, "confirm"):
            actions.delete_project(actor=actor, project=row, confirm=form.cleaned_data["confirm"])
            return redirect("home")
    context = {"project": row, "form": form, "services": row.services.all()}
    return render(request, "deployments/project_delete.html", context, status=status_of(form))
