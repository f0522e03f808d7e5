"""The services of a compose file, made by one button on the page of what was found; and that page again, later."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from apps.accounts.access import not_found
from apps.accounts.policy import Permission
from apps.accounts.session import actor_of
from apps.deployments import bringing, composed_here
from apps.deployments.access import teams_for_writer
from apps.deployments.forms_compose import ComposeForm, told
from apps.deployments.importing import composed
from apps.deployments.rereading import look_again
from apps.deployments.views_new import named, opened, second_step
from apps.github.choices import choice_for
from apps.lib.forms import said_at
from apps.lib.hostnames import slug
from apps.projects.access import service_for_writer
from apps.projects.models import Project


@never_cache
@sensitive_post_parameters()
@require_POST
def new_service_compose(request: HttpRequest) -> HttpResponse:
    """Make them all in one go, and start their first deployments."""
    actor = actor_of(request)
    mine = teams_for_writer(actor)
    found = opened(request.POST.get("found", ""))
    teams = [one for one in mine if one.key == found.get("team", one.key)]
    if not teams:
        raise not_found("team")
    team = next((t for t in teams if t.key == request.POST.get("team")), teams[0])
    form = ComposeForm(request.POST)
    if form.is_valid():
        with said_at(form, "", project="project"):
            picked = found.get("picked")
            project = form.cleaned_data["project"]
            values = {
                **composed_here.remembered(composed_here.siblings(team, project, found["where"])),
                **told(found.get("compose"), request.POST),
            }
            bringing.create_composed(
                actor=actor,
                team=team,
                project=project,
                plan=composed(found, values),
                where=found["where"],
                told=values,
                repository=choice_for(actor, picked["id"]) if picked else None,
            )
            return redirect("project", project_id=Project.objects.get(team=team, slug=slug(project)).pk)
    return second_step(request, found, teams, named(found, teams[0]), form)


@never_cache
@require_POST
def service_compose(request: HttpRequest, service_id: UUID) -> HttpResponse:
    """The file that a service came from, read again: what is new in it can be added."""
    actor = actor_of(request)
    row = service_for_writer(actor, service_id, Permission.WRITE_SERVICE)
    found = look_again(actor, row)
    return second_step(request, found, [row.project.team], named(found, row.project.team))
