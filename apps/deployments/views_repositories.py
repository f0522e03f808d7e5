"""Picking a repository of GitHub for a new service: the list, and the page of what was found in one of them."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from apps.accounts.access import not_found
from apps.accounts.session import actor_of
from apps.deployments.access import teams_for_writer
from apps.deployments.importing import look_at_repository
from apps.deployments.picker import picker_of
from apps.deployments.views_new import named, second_step
from apps.github.choices import choice_for
from apps.github.errors import BadToken


@never_cache
@require_GET
def repositories(request: HttpRequest) -> HttpResponse:
    """The list alone, for htmx; any other browser gets the page that it stands on."""
    actor = actor_of(request)
    teams_for_writer(actor)
    if not request.htmx:  # type: ignore[attr-defined]
        return redirect(f"{reverse('new-service')}?{request.GET.urlencode() or 'page=1'}")
    return render(request, "deployments/_repositories.html", {"picker": picker_of(actor, request.GET)})


@never_cache
@require_GET
def repository(request: HttpRequest) -> HttpResponse:
    """What `?id=` is and how it would be built, by its files at GitHub. `branch` and others say where to look."""
    actor = actor_of(request)
    teams = teams_for_writer(actor)
    number = request.GET.get("id", "")
    if not (number.isdecimal() and len(number) < 19):
        raise not_found("repository")
    try:
        found = look_at_repository(actor, choice_for(actor, int(number)), request.GET)
    except BadToken:
        return redirect("new-service")  # Which says that the sign-in with GitHub has ended.
    return second_step(request, found, teams, named(found, teams[0]))
