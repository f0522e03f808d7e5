"""Variables: the table of a service or a project, what a paste would change, one variable. Secrets are never shown."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods, require_POST

from apps.accounts.access import Actor
from apps.accounts.policy import Permission
from apps.accounts.session import abilities, actor_of
from apps.lib.forms import said_at, status_of
from apps.lib.undo import Undo, told
from apps.projects.access import (
    project_for,
    project_for_writer,
    service_for,
    service_for_writer,
    variable_for_writer,
)
from apps.projects.environments import environment_asked
from apps.projects.forms_variables import AddForm, ChangeForm, places_of
from apps.projects.given import gift_of, problems_of
from apps.projects.models import Environment, Project, Service, Variable
from apps.projects.paste import Place, opened, preview, sealed
from apps.projects.variable_table import project_table, table_of
from apps.projects.variables import change_variable, delete_variable, restore_variable, set_variables


@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def variables(request: HttpRequest, service_id: UUID) -> HttpResponse:
    """All that its next release gets. POST takes one variable, or shows what a pasted file would change."""
    actor = actor_of(request)
    row = service_for(actor, service_id)
    return _page(request, actor, row.project, row)


@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def project_variables(request: HttpRequest, project_id: UUID) -> HttpResponse:
    """Those that all services of a project are given."""
    actor = actor_of(request)
    return _page(request, actor, project_for(actor, project_id), None)


@sensitive_post_parameters()
@require_POST
def variables_save(request: HttpRequest, service_id: UUID) -> HttpResponse:
    actor = actor_of(request)
    row = service_for_writer(actor, service_id, Permission.WRITE_VARIABLES)
    return _save(request, actor, row.project, row)


@sensitive_post_parameters()
@require_POST
def project_variables_save(request: HttpRequest, project_id: UUID) -> HttpResponse:
    actor = actor_of(request)
    return _save(request, actor, project_for_writer(actor, project_id, Permission.WRITE_VARIABLES), None)


@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def variable(request: HttpRequest, variable_id: UUID) -> HttpResponse:
    """Another name or value, or secret from now on."""
    actor = actor_of(request)
    row = variable_for_writer(actor, variable_id)
    form = ChangeForm(request.POST or None, variable=row)
    if request.method == "POST" and form.is_valid():
        with said_at(form, "value", name="name"):
            changed = change_variable(actor=actor, variable=row, **form.changes())
            told(request, f"{changed.name} is set. It takes effect with the next deployment.")
            _warn(request, [changed], changed.service, changed.project)
            return redirect(_table_of(changed))
    context = {"variable": row, "service": row.service, "project": row.project, "form": form, "back": _table_of(row)}
    can = {"can": abilities(actor, row.project.team_id)}
    return render(request, "projects/variable.html", {**context, **can}, status=status_of(form))


@require_POST
def variable_delete(request: HttpRequest, variable_id: UUID) -> HttpResponse:
    actor = actor_of(request)
    row = variable_for_writer(actor, variable_id)
    delete_variable(actor=actor, variable=row)
    undo = Undo(reverse("variable-restore", args=[row.pk]), {})
    told(request, f"{row.name} is removed with the next deployment.", undo=undo)
    return redirect(_table_of(row))


@require_POST
def variable_restore(request: HttpRequest, variable_id: UUID) -> HttpResponse:
    """Undo of a removal, for ten minutes."""
    actor = actor_of(request)
    row = restore_variable(actor=actor, variable=variable_for_writer(actor, variable_id, deleted=True))
    told(request, f"{row.name} is back.")
    return redirect(_table_of(row))


@sensitive_variables()
def _page(request: HttpRequest, actor: Actor, project: Project, service: Service | None) -> HttpResponse:
    where = environment_asked(request.GET, project)
    if request.method == "POST":
        actor.require(Permission.WRITE_VARIABLES, project.team_id)
    form = AddForm(request.POST or None, project=project, service=service, environment=where)
    if request.method == "POST" and form.is_valid():
        place, secret = form.place_told, form.cleaned_data["secret"]
        if form.cleaned_data["pasted"]:
            return _preview(request, place, form.cleaned_data["pasted"], service, secret=secret)
        with said_at(form, "value", name="name", too_many="name"):
            values = {form.cleaned_data["name"]: form.cleaned_data["value"]}
            return _set(request, actor, place, service, values=values, secret=secret or None)
    context: dict[str, Any] = {"project": project, "service": service, "environment": where, "form": form}
    context |= {"can": abilities(actor, project.team_id), **_rows(project, service, where)}
    template = "projects/variables.html" if service else "projects/variables_project.html"
    return render(request, template, context, status=status_of(form))


def _rows(project: Project, service: Service | None, where: Environment) -> dict[str, Any]:
    if service is None:
        return {"rows": project_table(project)}
    gift = gift_of(service, where)
    return {"rows": table_of(service, where, gift), "problems": list(gift.problems.values())}


@sensitive_variables()
def _preview(request: HttpRequest, place: Place, text: str, service: Service | None, *, secret: bool) -> HttpResponse:
    """What would be saved; the values travel sealed, so that no page holds one that may be a secret."""
    found, pasted = preview(place, text, secret=secret)
    wanted = {line.name: pasted.values[line.name] for line in found.to_save}
    key = next(key for key, (_, offered) in places_of(place.project, service).items() if offered.key == place.key)
    context = {
        "project": place.project,
        "service": service,
        "preview": found,
        "place": place,
        "place_key": key,
        "secret": secret,
        "sealed": sealed(place, wanted, secret=secret) if wanted else "",
        "back": _table(place.project, service),
        "save_url": _table(place.project, service) + "/save",
    }
    status = 200 if found.lines or not found.wrong else 422
    return render(request, "projects/variables_preview.html", context, status=status)


@sensitive_variables()
def _save(request: HttpRequest, actor: Actor, project: Project, service: Service | None) -> HttpResponse:
    """The second step of a paste."""
    places = places_of(project, service)
    _, place = places.get(request.POST.get("place", ""), next(iter(places.values())))
    values, secret = opened(request.POST.get("sealed", ""), place)
    return _set(
        request, actor, place, service, values=values, secret=secret or None, secrets=request.POST.getlist("secret")
    )


@sensitive_variables()
def _set(request: HttpRequest, actor: Actor, place: Place, service: Service | None, **what: Any) -> HttpResponse:
    rows = set_variables(actor=actor, project=place.project, **place.scope, **what)
    what_is = f"{rows[0].name} is" if len(rows) == 1 else f"{len(rows)} variables are"
    told(request, f"{what_is} set for {place.words}, with the next deployment.")
    _warn(request, rows, service, place.project)
    return redirect(_table(place.project, service))


def _warn(request: HttpRequest, rows: list[Variable], service: Service | None, project: Project) -> None:
    """A reference that leads nowhere may be set before what it leads to; the next release is refused until then."""
    services = [service] if service else list(project.services.all())
    for error in problems_of(rows, services, project.production).values():
        messages.error(request, f"{error.message} {error.hint} A release is refused until then.")


def _table_of(row: Variable) -> str:
    return _table(row.project, row.service)


def _table(project: Project, service: Service | None) -> str:
    return reverse("variables", args=[service.pk]) if service else reverse("project-variables", args=[project.pk])
