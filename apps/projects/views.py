"""A service's variables and settings."""

from __future__ import annotations

import copy
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from apps.accounts.models import ActivityEvent
from apps.accounts.policy import Permission
from apps.accounts.session import abilities, actor_of
from apps.lib.forms import said_at, status_of
from apps.projects import actions
from apps.projects.access import service_for, service_for_writer, variable_for
from apps.projects.forms import SettingsForm, VariablesForm
from apps.projects.models import Service, Variable


@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def variables(request: HttpRequest, service_id: UUID) -> HttpResponse:
    """One table; POST takes a line or a whole .env. Secrets show who set them and when, never what."""
    actor = actor_of(request)
    row = service_for(actor, service_id)
    if request.method == "POST":
        actor.require(Permission.WRITE_VARIABLES, row.team_id)
    form = VariablesForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        values, secret = form.cleaned_data["values"], form.cleaned_data["secret"] or None
        with said_at(form, "values"):
            actions.set_variables(actor=actor, project=row.project, service=row, values=values, secret=secret)
            messages.info(request, f"{len(values)} set. They take effect with the next deployment.")
            return redirect("variables", service_id=row.pk)
    rows = Variable.objects.for_release(row, row.environment)
    setters = _setters(row)
    found = [(variable, setters.get(variable.name, "")) for variable in rows]
    context = {"service": row, "form": form, "variables": found, "can": abilities(actor, row.team_id)}
    return render(request, "projects/variables.html", context, status=status_of(form))


def _setters(service: Service) -> dict[str, str]:
    """Name of a variable -> who set it last."""
    events = ActivityEvent.objects.filter(subject_id=service.pk, verb="set variables").order_by("created_at")
    return {name: event.actor_name for event in events for name in event.data.get("names", [])}


@require_POST
def variable_delete(request: HttpRequest, variable_id: UUID) -> HttpResponse:
    actor = actor_of(request)
    row = variable_for(actor, variable_id)
    service = row.service
    actions.delete_variable(actor=actor, variable=row)
    messages.info(request, f"{row.name} is removed with the next deployment.")
    return redirect("variables", service_id=service.pk) if service else redirect("project", project_id=row.project_id)


@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def service_settings(request: HttpRequest, service_id: UUID) -> HttpResponse:
    """Everything that can be set; takes effect with the next deployment."""
    actor = actor_of(request)
    row = service_for(actor, service_id)
    if request.method == "POST":
        row = service_for_writer(actor, service_id, Permission.WRITE_SERVICE)
    # The form writes into its instance; the action compares with what was.
    form = SettingsForm(request.POST or None, instance=copy.copy(row))
    if request.method == "POST" and form.is_valid():
        with said_at(form):
            actions.change_service(actor=actor, service=row, **form.changes())
            messages.info(request, "Saved. It takes effect with the next deployment.")
            return redirect("service-settings", service_id=row.pk)
    context = {"service": row, "form": form, "can": abilities(actor, row.team_id)}
    return render(request, "projects/settings.html", context, status=status_of(form))
