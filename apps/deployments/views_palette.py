"""What the palette finds: projects, services, deployments; and what may be done to the service of the page."""

from __future__ import annotations

from django.db.models import Q, QuerySet
from django.http import HttpRequest, JsonResponse
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from apps.accounts.access import Actor
from apps.accounts.policy import Permission
from apps.accounts.session import actor_of
from apps.deployments.models import Deployment
from apps.deployments.presentation import pill_of
from apps.lib.forms import uuid_of, words_of
from apps.projects.models import Project, Service, scoped

Item = dict[str, str]
EACH = 6
PLACES = {
    "Overview": "service", "Deployments": "deployments", "Logs": "service-logs", "Metrics": "service-metrics",
    "Variables": "variables", "Domains": "domains", "Volumes": "volumes", "Settings": "service-settings",
}  # fmt: skip


@never_cache
@require_GET
def palette(request: HttpRequest) -> JsonResponse:
    """`{"items": [{"kind", "name", "note", "href" or "post", "api"}]}` for `?q=` on the page of `?service=`."""
    actor, words = actor_of(request), words_of(request.GET.get("q"))
    service = uuid_of(request.GET.get("service"))
    here = Service.objects.visible_to(actor).filter(pk=service).first() if service else None
    done = _actions(actor, here, words) if here else []
    return JsonResponse(
        {
            "items": [
                *done,
                *_places(actor, words),
                *_services(actor, words),
                *_projects(actor, words),
                *_runs(actor, words, here),
            ]
        }
    )


def _actions(actor: Actor, service: Service, words: str) -> list[Item]:
    """What a person of this role may do to it from anywhere."""
    found = []
    if actor.can(Permission.DEPLOY, service.team_id):
        api = f"POST /api/v1/services/{service.pk}/deployments"
        found.append(
            {"name": f"Deploy {service.name}", "post": reverse("service-deploy", args=[service.pk]), "api": api}
        )
    if actor.can(Permission.DELETE, service.team_id):
        found.append({"name": f"Delete {service.name}", "href": reverse("service-delete", args=[service.pk])})
    return [{"kind": "Do", "note": "", **item} for item in found if words.lower() in item["name"].lower()]


def _places(actor: Actor, words: str) -> list[Item]:
    """`web logs`: a page of a service, from anywhere."""
    *named, last = words.lower().split() or [""]
    places = [place for place in PLACES if named and place.lower().startswith(last)]
    rows = _named(actor, named)[:EACH] if places else []
    return [
        _item("Page", f"{row.name}: {place}", row.project.name, reverse(PLACES[place], args=[row.pk]))
        for row in rows
        for place in places
    ]


def _services(actor: Actor, words: str) -> list[Item]:
    rows = _named(actor, words.split())[:EACH]
    return [_item("Service", row.name, row.project.name, reverse("service", args=[row.pk])) for row in rows]


def _named(actor: Actor, words: list[str]) -> QuerySet[Service]:
    rows = Service.objects.visible_to(actor).order_by("project__name", "name")
    for word in words:
        rows = rows.filter(Q(name__icontains=word) | Q(project__name__icontains=word))
    return rows


def _projects(actor: Actor, words: str) -> list[Item]:
    rows = scoped(Project, actor, "team").filter(name__icontains=words).select_related("team").order_by("name")
    return [_item("Project", row.name, row.team.name, reverse("project", args=[row.pk])) for row in rows[:EACH]]


def _runs(actor: Actor, words: str, service: Service | None) -> list[Item]:
    """The newest of the page's service, or those whose commit or message was typed."""
    if not words and service is None:
        return []
    rows = Deployment.objects.visible_to(actor).select_related("service", "build").order_by("-created_at")
    if service is not None:
        rows = rows.filter(service=service)
    if words:
        rows = rows.filter(Q(commit__startswith=words.lower()) | Q(build__message__icontains=words))
    return [_run(row) for row in rows[:EACH]]


def _run(row: Deployment) -> Item:
    message = row.commit_message
    note = f"{pill_of(row).word}, {row.service.name} {row.commit[:7]}"
    return _item("Deployment", message or f"Deployment {row.number}", note, reverse("deployment", args=[row.pk]))


def _item(kind: str, name: str, note: str, href: str) -> Item:
    return {"kind": kind, "name": name, "note": note, "href": href}
