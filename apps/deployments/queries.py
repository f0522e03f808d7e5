"""What pages read of services: each in a fixed number of queries, however many rows there are."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db.models import QuerySet

from apps.deployments.filters import Filters
from apps.deployments.models import Deployment, DeploymentQuerySet, Release
from apps.deployments.presentation import Health, health_of
from apps.deployments.states import Status
from apps.hosts.models import ServiceState
from apps.lib import pages
from apps.lib.asked_often import asked_often
from apps.projects.domain_checks import BEST_FIRST
from apps.projects.models import Domain, Environment, Service

NEWEST = 20
Page = tuple[list[Deployment], str]
LARGE = ("variables", "variable_sources", "secret_names", "spec")  # of a release


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


def url_of(service: Service, environment: Environment) -> str:
    """The best one; "" when it has none."""
    return next(map(address_of, _domains(service.pk, environment.pk)), "")


@asked_often
def _domains(service: UUID, environment: UUID) -> QuerySet[Domain]:
    return Domain.objects.filter(service=service, environment=environment).order_by(*BEST_FIRST)[:1]


def state_of(service: Service, environment: Environment) -> ServiceState | None:
    return next(iter(_states(service.pk, environment.pk)), None)


@asked_often
def _states(service: UUID, environment: UUID) -> QuerySet[ServiceState]:
    return ServiceState.objects.filter(service=service, environment=environment).order_by("-reported_at")[:1]


def listed(service: Service | UUID, environment: Environment | UUID) -> DeploymentQuerySet:
    """Deployments of a place without what is large in them: see `of_place` for the rest of their names."""
    rows = Deployment.objects.filter(service=service, environment=environment).select_related("build", "release")
    return rows.defer("plan", "build__settings", *(f"release__{name}" for name in LARGE))


def live_of(service: Service, environment: Environment) -> Deployment | None:
    return next(iter(of_place(_live(service.pk, environment.pk), service, environment)), None)


@asked_often
def _live(service: UUID, environment: UUID) -> QuerySet[Deployment]:
    rows = Deployment.objects.filter(service=service, environment=environment, status=Status.LIVE)
    return rows.select_related("build", "release").defer("release__variables")


def commit_before(deployment: Deployment) -> str:
    """The commit that served when this one was asked for; "" when none did."""
    return next(iter(_commits(deployment.service_id, deployment.environment_id, deployment.created_at)), "")


@asked_often
def _commits(service: UUID, environment: UUID, before: datetime) -> QuerySet[Deployment, str]:
    rows = Deployment.objects.filter(service=service, environment=environment, live_at__lt=before)
    return rows.order_by("-live_at").values_list("commit", flat=True)[:1]


def newest_of(service: Service, environment: Environment) -> list[Deployment]:
    """The last few, with the live one however old it is."""
    newest = _newest(service.pk, environment.pk)
    if not any(row.status == Status.LIVE for row in newest):
        newest += _live(service.pk, environment.pk)
    return of_place(newest, service, environment)


@asked_often
def _newest(service: UUID, environment: UUID) -> QuerySet[Deployment]:
    return listed(service, environment).order_by("-created_at")[:NEWEST]


def page_of(service: Service, environment: Environment, filters: Filters, *, cursor: str) -> Page:
    """Newest first, and the cursor of the next page."""
    if cursor or filters.query:
        return pages.page(filters.of_rows(listed(service, environment)), cursor=cursor)
    return pages.cut(_first(service.pk, environment.pk))


@asked_often
def _first(service: UUID, environment: UUID) -> QuerySet[Deployment]:
    return listed(service, environment).order_by("-created_at", "-id")[: pages.LIMIT + 1]


@asked_often
def branches_of(service: UUID, environment: UUID) -> QuerySet[Deployment, str]:
    rows = Deployment.objects.filter(service=service, environment=environment).order_by("branch")
    return rows.values_list("branch", flat=True).distinct()[:100]


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


def serving_health(rows: list[Deployment], service: Service, environment: Environment) -> Health | None:
    """How the one of them that serves does; None where none of them does."""
    live = next((row for row in rows if row.status == Status.LIVE), None)
    return health_of(live, live, state_of(service, environment)) if live else None


def releases_of(service: Service, environment: Environment) -> list[Release]:
    """Those that can be rolled back to, newest first."""
    return _releases(service.pk, environment.pk, max(NEWEST, service.releases_kept))


@asked_often
def _releases(service: UUID, environment: UUID, most: int) -> QuerySet[Release]:
    rows = Release.objects.that_served().filter(service=service, environment=environment, pruned_at=None)
    return rows.select_related("build").defer(*LARGE).order_by("-number")[:most]
