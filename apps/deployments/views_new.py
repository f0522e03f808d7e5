"""A new service in two steps: where the source is; then what was found, and Deploy."""

from __future__ import annotations

import json
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from apps.accounts.models import Team
from apps.accounts.session import actor_of
from apps.deployments import actions, suggested
from apps.deployments.access import teams_for_writer
from apps.deployments.composed_here import standing
from apps.deployments.forms_compose import ComposeForm, page_of, project_of
from apps.deployments.importing import Found, found_image, look_at_address
from apps.deployments.picker import picker_of
from apps.github.choices import choice_for
from apps.lib.encryption import decrypt, encrypt
from apps.lib.forms import said_at, status_of
from apps.lib.hostnames import free_slug, slug
from apps.projects.actions import free_host
from apps.projects.detection import branches_of
from apps.projects.forms import COMMANDS
from apps.projects.forms_new import NewServiceForm
from apps.projects.forms_source import ImageForm, SourceForm
from apps.projects.models import Service
from apps.projects.turns import RETRY_SECONDS
from workers.build.job import Source
from workers.deploy_key import DeployKey, fingerprint
from workers.errors import PlatformError, SlipwayError, UserError
from workers.git_remote import name_of
from workers.image_reference import parse_image

AT_FIELD = {"branch": "branch", "root_directory": "root_directory", "dockerfile": "dockerfile"}
AT_FIELD |= {"nothing_recognised": "root_directory", "no_start_command": "start_command", "token": "source_token"}


@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def new_service(request: HttpRequest) -> HttpResponse:
    """GET asks for the source. POST looks at it and shows what it is, or says at the field what is wrong with it."""
    actor = actor_of(request)
    teams = teams_for_writer(actor)
    form = SourceForm(request.POST or None)
    if request.method == "POST" and form.is_valid() and form.is_ready():
        with said_at(form, "source_url", **AT_FIELD):
            found = look_at_address(actor, form.cleaned_data, DeployKey(form.key) if form.key else None)
            return second_step(request, found, teams, named(found, teams[0]))
    return _first_step(request, form, ImageForm())


@require_POST
def new_service_image(request: HttpRequest) -> HttpResponse:
    """Its second step at once: no registry is asked before the deployment."""
    teams = teams_for_writer(actor_of(request))
    form = ImageForm(request.POST)
    if not form.is_valid():
        return _first_step(request, SourceForm(), form)
    found = found_image(form.cleaned_data["image"])
    return second_step(request, found, teams, named(found, teams[0]))


def _first_step(request: HttpRequest, form: SourceForm, image_form: ImageForm) -> HttpResponse:
    picker = picker_of(actor_of(request), request.GET, may_ask=bool(request.GET))
    context = {"form": form, "image_form": image_form, "picker": picker}
    status = max(status_of(form), status_of(image_form))
    response = render(request, "deployments/new.html", context, status=status)
    if response.status_code == 429:
        response["Retry-After"] = str(RETRY_SECONDS)
    return response


@never_cache
@sensitive_post_parameters()
@require_POST
def new_service_branches(request: HttpRequest) -> HttpResponse:
    """Offered while the branch is typed; nothing when the repository cannot be asked: the form itself will say why."""
    actor = actor_of(request)
    teams_for_writer(actor)
    form = SourceForm(request.POST)
    form.is_valid()
    told = form.cleaned_data
    key = DeployKey(form.key) if form.key else None
    source = Source(told.get("source_url", ""), token=told.get("source_token", ""), key=key)
    try:
        names = branches_of(source, who=actor.user)
    except SlipwayError:
        names = []
    return render(request, "deployments/_branches.html", {"branches": names})


@never_cache
@sensitive_post_parameters()
@require_POST
def new_service_deploy(request: HttpRequest) -> HttpResponse:
    """Make everything in one go and start the first deployment."""
    actor = actor_of(request)
    teams = teams_for_writer(actor)
    found = opened(request.POST.get("found", ""))
    team = next((t for t in teams if t.key == request.POST.get("team")), teams[0])
    form = NewServiceForm(request.POST)
    if form.is_valid() and found["plan"]:
        told = _told(form.cleaned_data, found, suggested.told(found["plan"]["suggested_variables"], request.POST))
        fields = {"host_name": "domain", "domain": "domain", "volume": "volume_path", "variables": "variables"}
        with said_at(form, "service", project="project", setting="start_command", **fields):
            picked = found.get("picked")
            choice = choice_for(actor, picked["id"]) if picked else None
            made = actions.create_app(actor=actor, team=team, repository=choice, **told)
            return redirect("deployment", deployment_id=made.pk)
    return second_step(request, found, teams, form)


def opened(sealed: str) -> Found:
    """What the first step found, as its page sent it back."""
    try:
        found: Found = json.loads(decrypt(sealed))
    except PlatformError as error:
        raise UserError(
            "service:user:page-too-old",
            "This page is too old to be sent.",
            hint="Begin again with the repository's address.",
            status=400,
        ) from error
    return found


def named(found: Found, team: Team) -> NewServiceForm:
    """The form with names out of the address and the suggestions of the repository: one that is free in the project."""
    where = found["where"]
    project = slug(name_of(where["source_url"] or parse_image(where["image"]).path)) or "app"
    service = slug(where["root_directory"].strip("/").rpartition("/")[2]) or project
    there = Service.objects.filter(project__team=team, project__slug=project).values_list("slug", flat=True)
    service = free_slug(service, set(there))
    return NewServiceForm(initial={"project": project, "service": service, "start_command": where["start_command"]})


def second_step(
    request: HttpRequest, found: Found, teams: list[Team], form: NewServiceForm, sent: ComposeForm | None = None
) -> HttpResponse:
    """What was found, and Deploy; without a plan what is wrong, and where else to look. `sent`: all of a compose file."""
    plan = found["plan"] or {"suggested_variables": {}}
    form.suggest(plan)
    names = request.POST if form.is_bound else form.initial
    project = project_of(found, form.initial.get("project", ""))
    team = next((t for t in teams if t.key == request.POST.get("team")), teams[0])
    host = free_host(slug(names.get("service", "")) or "app", slug(names.get("project", "")), last="2")
    # Encrypted, since it may hold an access token, and so that nobody sends another plan than the one found.
    context = {
        "form": form,
        "found": found,
        "sealed": encrypt(json.dumps(found)),
        "call": json.dumps(_call(found)),
        "teams": teams,
        "url": settings.SLIPWAY.public_url(host),
        "host_fingerprint": fingerprint(host_key) if (host_key := found["where"].get("source_host_key")) else "",
        "rows": suggested.rows(plan["suggested_variables"], request.POST if form.is_bound else None),
        **page_of(
            found.get("compose"),
            project,
            sent,
            request.POST,
            standing(team, request.POST.get("project", project) if sent else project, found),
        ),
    }
    template = "new_found" if found["plan"] else "new_compose" if context["compose"] else "new_unclear"
    return render(request, f"deployments/{template}.html", context, status=status_of(sent or form))


def _call(found: Found) -> dict[str, object]:
    """The body of the API's call that Deploy is; the page's script lays the form over it. No secret is in it."""
    where, picked = found["where"], found.get("picked")
    if where.get("image"):
        body = {"image": where["image"]}
    else:
        source = {"repository": picked["name"]} if picked else {"source_url": where["source_url"]}
        body = source | {name: where[name] for name in ("branch", "root_directory", "dockerfile") if where[name]}
    if where["source_token"]:
        body["source_token"] = "…"
    return {**body, "project": "", "name": "", **dict.fromkeys((*COMMANDS, "health_path"), "")}


def _told(told: dict[str, Any], found: Found, rows: suggested.Told) -> dict[str, Any]:
    """What `create_app` wants. What was pasted wins over the suggested rows."""
    where = {**found["where"], **{name: told[name] for name in (*COMMANDS, "health_path")}}
    secrets = {**rows.secrets, **told["secrets"]}
    return {
        "project": told["project"],
        "service": told["service"],
        "settings": where,
        "variables": {**{k: v for k, v in rows.plain.items() if k not in secrets}, **told["variables"]},
        "secrets": {k: v for k, v in secrets.items() if k not in told["variables"] or k in told["secrets"]},
        "domains": [told["domain"]] if told["domain"] else [],
        "volumes": {told["volume_name"]: told["volume_path"]} if told["volume_name"] else {},
    }
