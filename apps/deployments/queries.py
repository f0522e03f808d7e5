"""What pages read of services: each in a fixed number of queries, however many rows there are."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.db.models import Case, When

from apps.deployments.models import Deployment, DeploymentQuerySet, Release
from apps.deployments.presentation import Health, health_of
from apps.deployments.states import Status
from apps.hosts.models import ServiceState
from apps.projects.domain_checks import State
from apps.projects.models import Domain, Environment, Service

NEWEST = 20
LARGE = ("variables", "variable_sources", "secret_names", "spec")  # of a release


@dataclass(frozen=True)
class Card:
    """A service as a list shows it."""

    service: Service
    health: Health
    live: Deployment | None
    latest: Deployment | None
    url: str


# Domains: a name that does not exist yet is of no use to people; else one's own before the generated one.
BEST_FIRST = (Case(When(check_state=State.PENDING, then=1), default=0), "is_generated", "created_at")


def address_of(domain: Domain) -> str:
    """Where people reach a domain."""
    return str(settings.SLIPWAY.public_url(domain.host))


def url_of(service: Service, environment: Environment) -> str:
    """The best one; "" when it has none."""
    domain = Domain.objects.filter(service=service, environment=environment).order_by(*BEST_FIRST).first()
    return address_of(domain) if domain else ""


def state_of(service: Service, environment: Environment) -> ServiceState | None:
    return ServiceState.objects.filter(service=service, environment=environment).order_by("-reported_at").first()


def listed(service: Service, environment: Environment) -> DeploymentQuerySet:
    """Deployments of a place without what is large in them: see `of_place` for the rest of their names."""
    rows = Deployment.objects.filter(service=service, environment=environment).select_related("build", "release")
    return rows.defer("plan", "build__settings", *(f"release__{name}" for name in LARGE))


def live_of(service: Service, environment: Environment) -> Deployment | None:
    rows = Deployment.objects.filter(service=service, environment=environment, status=Status.LIVE)
    found = list(rows.select_related("build", "release").defer("release__variables"))
    return next(iter(of_place(found, service, environment)), None)


def commit_before(deployment: Deployment) -> str:
    """The commit that served when this one was asked for; "" when none did."""
    rows = Deployment.objects.of(deployment).filter(live_at__lt=deployment.created_at)
    return rows.order_by("-live_at").values_list("commit", flat=True).first() or ""


def newest_of(service: Service, environment: Environment) -> list[Deployment]:
    """The last few, with the live one however old it is."""
    rows = listed(service, environment)
    newest = list(rows.order_by("-created_at")[:NEWEST])
    if not any(row.status == Status.LIVE for row in newest):
        newest += rows.filter(status=Status.LIVE)[:1]
    return of_place(newest, service, environment)


def of_place(rows: list[Deployment], service: Service, environment: Environment) -> list[Deployment]:
    """Rows of one service and environment, which are known already."""
    for row in rows:
        row.service, row.environment = service, environment
    return rows


def card_of(service: Service, environment: Environment, newest: list[Deployment]) -> Card:
    """`newest` as `newest_of` gives them."""
    live = next((row for row in newest if row.status == Status.LIVE), None)
    latest = newest[0] if newest else None
    health = health_of(live, latest, state_of(service, environment))
    return Card(service, health, live, latest, url_of(service, environment))


def releases_of(service: Service, environment: Environment) -> list[Release]:
    """The kept ones, newest first."""
    rows = Release.objects.filter(service=service, environment=environment, pruned_at=None)
    rows = rows.select_related("build").defer("variables", "spec")
    return list(rows.order_by("-number")[: max(NEWEST, service.releases_kept)])
