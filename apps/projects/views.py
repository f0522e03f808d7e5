"""A service's settings."""

from __future__ import annotations

import copy
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from apps.accounts.policy import Permission
from apps.accounts.session import abilities, actor_of
from apps.lib.forms import said_at, status_of
from apps.projects import actions
from apps.projects.access import service_for, service_for_writer
from apps.projects.forms_settings import SettingsForm


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
        with said_at(form, source="source_url"):
            actions.change_service(actor=actor, service=row, **form.changes())
            messages.info(request, "Saved. It takes effect with the next deployment.")
            return redirect("service-settings", service_id=row.pk)
    context = {"service": row, "form": form, "can": abilities(actor, row.team_id)}
    return render(request, "projects/settings.html", context, status=status_of(form))
