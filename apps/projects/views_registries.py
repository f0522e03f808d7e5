"""The logins that a team keeps for registries of images."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from apps.accounts.access import team_for
from apps.accounts.policy import Permission
from apps.accounts.session import abilities, actor_of
from apps.lib.forms import said_at, status_of
from apps.projects.access import registry_for
from apps.projects.forms import RegistryForm
from apps.projects.registries import forget_registry, keep_registry


@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def registries(request: HttpRequest, team_id: UUID) -> HttpResponse:
    """POST keeps a login; one for the same host is replaced."""
    actor = actor_of(request)
    team = team_for(actor, team_id)
    if request.method == "POST":
        actor.require(Permission.WRITE_VARIABLES, team.pk)
    form = RegistryForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        with said_at(form, "host", login="username"):
            row = keep_registry(actor=actor, team=team, **form.cleaned_data)
            messages.info(request, f"Kept for {row.host}. The next pull uses it.")
            return redirect("registries", team_id=team.pk)
    context = {"team": team, "form": form, "registries": team.registries.order_by("host")}
    context["can"] = abilities(actor, team.pk)
    return render(request, "projects/registries.html", context, status=status_of(form))


@require_POST
def registry_forget(request: HttpRequest, registry_id: UUID) -> HttpResponse:
    actor = actor_of(request)
    row = registry_for(actor, registry_id)
    team_id = row.team_id
    forget_registry(actor=actor, registry=row)
    messages.info(request, f"The login for {row.host} is forgotten.")
    return redirect("registries", team_id=team_id)
