"""What pages read of services: each in a fixed number of queries, however many rows there are."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.conf import settings

from apps.accounts.access import Actor
from apps.deployments.models import Deployment, Release
from apps.deployments.presentation import Health, health_of
from apps.deployments.states import Status
from apps.hosts.models import ServiceState
from apps.projects.models import Domain, Project, Service, scoped

NEWEST = 20


@dataclass(frozen=True)
class Card:
    """A service as a list shows it."""

    service: Service
    health: Health
    live: Deployment | None
    latest: Deployment | None
    url: str


def address_of(domain: Domain) -> str:
    """Where people reach a domain."""
    return str(settings.SLIPWAY.public_url(domain.host))


def url_of(service: Service) -> str:
    """A domain of one's own is preferred to the generated one; "" when it has none."""
    domain = Domain.objects.filter(service=service).order_by("is_generated", "created_at").first()
    return address_of(domain) if domain else ""


def state_of(service: Service) -> ServiceState | None:
    return ServiceState.objects.filter(service=service).order_by("-reported_at").first()


def live_of(service: Service) -> Deployment | None:
    rows = Deployment.objects.filter(service=service, status=Status.LIVE)
    return rows.with_names().first()


def newest_of(service: Service, count: int = NEWEST) -> list[Deployment]:
    rows = Deployment.objects.filter(service=service).order_by("-created_at")
    return list(rows.with_names()[:count])


def card_of(service: Service) -> Card:
    live, newest = live_of(service), newest_of(service, 1)
    latest = newest[0] if newest else None
    return Card(service, health_of(live, latest, state_of(service)), live, latest, url_of(service))


def releases_of(service: Service) -> list[Release]:
    """The kept ones, newest first."""
    rows = Release.objects.filter(service=service, pruned_at=None).select_related("build")
    return list(rows.order_by("-number")[: max(NEWEST, service.releases_kept)])


def projects_of(actor: Actor) -> list[tuple[Project, list[Card]]]:
    """Every project of the actor's teams with its services; failing ones first."""
    services = list(scoped(Service, actor, "project__team").select_related("project__team").order_by("created_at"))
    rows = Deployment.objects.filter(service__in=services).select_related("build", "actor")
    latest = {row.service_id: row for row in rows.order_by("service", "-created_at").distinct("service")}
    live = {row.service_id: row for row in rows.filter(status=Status.LIVE)}
    states = {row.service_id: row for row in ServiceState.objects.filter(service__in=services).order_by("reported_at")}
    domains = Domain.objects.filter(service__in=services).order_by("-is_generated", "-created_at")
    urls = {row.service_id: address_of(row) for row in domains}
    cards: dict[object, list[Card]] = {}
    for service in services:
        mine, newest = live.get(service.pk), latest.get(service.pk)
        health = health_of(mine, newest, states.get(service.pk))
        card = Card(service, health, mine, newest, urls.get(service.pk, ""))
        cards.setdefault(service.project_id, []).append(card)
    projects: Iterable[Project] = scoped(Project, actor, "team").select_related("team").order_by("-created_at")
    found = [(project, cards.get(project.pk, [])) for project in projects]
    return sorted(found, key=lambda row: not any(c.health.pill.kind == "fail" for c in row[1]))
