"""The services of a compose file, made by one button on the page of what was found."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from apps.accounts.session import actor_of
from apps.deployments import composing
from apps.deployments.access import teams_for_writer
from apps.deployments.forms_compose import ComposeForm, told
from apps.deployments.importing import composed
from apps.deployments.views_new import named, opened, second_step
from apps.github.choices import choice_for
from apps.lib.forms import said_at


@never_cache
@sensitive_post_parameters()
@require_POST
def new_service_compose(request: HttpRequest) -> HttpResponse:
    """Make them all in one go, and start their first deployments."""
    actor = actor_of(request)
    teams = teams_for_writer(actor)
    found = opened(request.POST.get("found", ""))
    team = next((t for t in teams if t.key == request.POST.get("team")), teams[0])
    form = ComposeForm(request.POST)
    if form.is_valid():
        with said_at(form, "", project="project"):
            picked = found.get("picked")
            made = composing.create_composed(
                actor=actor,
                team=team,
                project=form.cleaned_data["project"],
                plan=composed(found, told(found.get("compose"), request.POST)),
                where=found["where"],
                repository=choice_for(actor, picked["id"]) if picked else None,
            )
            return redirect("project", project_id=made[0].service.project_id)
    return second_step(request, found, teams, named(found), form)
