"""The first steps after the owner was made; each works by itself, and the page shows what is left."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.access import Actor, not_found, teams_of
from apps.accounts.forms import BaseDomainForm
from apps.accounts.installation import base_domain, dismiss_checklist, require_operator_page, set_base_domain
from apps.accounts.links import make_recovery_link
from apps.accounts.models import Team
from apps.accounts.policy import Permission
from apps.accounts.session import actor_of
from apps.deployments.actions import delete_service
from apps.deployments.first_run import first_run, sample_of
from apps.deployments.sample import deploy_sample
from apps.lib.forms import said_at, status_of
from apps.projects.base_checks import base_standing
from apps.projects.domain_checks import expected_addresses, named_after
from apps.projects.forms_source import SourceForm


@never_cache
@require_http_methods(["GET", "POST"])
def welcome(request: HttpRequest) -> HttpResponse:
    """The checklist; POST chooses the base domain."""
    actor = actor_of(request)
    require_operator_page(actor)
    form = base_form(request)
    if request.method == "POST" and saved(form, actor):
        return redirect("welcome")
    return render(request, "deployments/welcome.html", _context(actor, form), status=status_of(form))


def base_form(request: HttpRequest) -> BaseDomainForm:
    """With the names that need no DNS of one's own among the choices."""
    return BaseDomainForm(request.POST or None, current=base_domain(), without_dns=named_after(expected_addresses()))


def saved(form: BaseDomainForm, actor: Actor) -> bool:
    """The base domain is set; else the form says what is wrong with it."""
    if not form.is_valid():
        return False
    with said_at(form, "domain"):
        set_base_domain(actor=actor, base=form.cleaned_data["base"])
    return not form.errors


def _context(actor: Actor, form: BaseDomainForm, **more: Any) -> dict[str, Any]:
    run = first_run(actor)
    return {
        "run": run,
        "sample": sample_of(actor),
        "form": form,
        "source_form": SourceForm(),
        "base": base_standing(),
        "team": next(iter(_teams(actor)), None),
        **more,
    }


@never_cache
@require_GET
def base_check(request: HttpRequest) -> HttpResponse:
    """The fragment that looks again by itself."""
    require_operator_page(actor_of(request))
    return render(request, "hosts/_base_domain.html", {"base": base_standing()})


@require_POST
def welcome_sample(request: HttpRequest) -> HttpResponse:
    """Deploy the sample, or with `remove` take it away again."""
    actor = actor_of(request)
    require_operator_page(actor)
    if not request.POST.get("remove"):
        made = deploy_sample(actor=actor, team=_team_to_use(actor))
        return redirect("deployment", deployment_id=made.pk)
    sample = sample_of(actor)
    if sample is not None:
        delete_service(actor=actor, service=sample, confirm=sample.name)
        messages.info(request, "The sample is removed.")
    return redirect("welcome")


@never_cache
@require_POST
def welcome_recovery(request: HttpRequest) -> HttpResponse:
    """The link stands in the answer and nowhere else."""
    actor = actor_of(request)
    require_operator_page(actor)
    link = make_recovery_link(actor=actor)
    form = BaseDomainForm(current=base_domain(), without_dns=named_after(expected_addresses()))
    return render(request, "deployments/welcome.html", _context(actor, form, recovery_link=link))


@require_POST
def welcome_dismiss(request: HttpRequest) -> HttpResponse:
    actor = actor_of(request)
    require_operator_page(actor)
    dismiss_checklist(actor=actor, on=not request.POST.get("again"))
    return redirect("welcome" if request.POST.get("again") else "home")


def _teams(actor: Actor) -> list[Team]:
    return [team for team in teams_of(actor) if actor.can(Permission.WRITE_SERVICE, team.pk)]


def _team_to_use(actor: Actor) -> Team:
    teams = _teams(actor)
    if not teams:
        raise not_found("team")
    return teams[0]
