"""What a page of the projects' cards reads, each in one question for all of them. Not in charge of which are shown."""

from __future__ import annotations

from uuid import UUID

from django.db.models import F, Q, QuerySet, Window
from django.db.models.functions import RowNumber

from apps.deployments.models import Deployment
from apps.deployments.standings import PRODUCTION
from apps.deployments.states import Status
from apps.hosts.models import ServiceState
from apps.lib.asked_often import asked_often
from apps.projects.domain_checks import BEST_FIRST
from apps.projects.models import Domain, Service

TICKS = 12
PLACE = Window(RowNumber(), partition_by=F("service"), order_by=F("created_at").desc())  # 1 is the newest.
SHOWN = (
    "service_id",
    "release_id",
    "status",
    "live_at",
    "cancel_requested_at",
    "created_at",
    "finished_at",
    "number",
    "commit",
    "message",
    "author",
    "actor_name",
    "build__message",
    "build__author",
)
NAMES = ("name", "project__name", "project__team__name")


@asked_often
def services(shown: list[UUID]) -> QuerySet[Service]:
    return Service.objects.filter(pk__in=shown).select_related("project__team").only(*NAMES)


@asked_often
def newest_and_live(shown: list[UUID]) -> QuerySet[Deployment]:
    """Oldest first."""
    rows = Deployment.objects.filter(service__in=shown, environment__slug=PRODUCTION)
    wanted = rows.annotate(place=PLACE).filter(Q(place=1) | Q(status=Status.LIVE)).values("pk")
    return Deployment.objects.filter(pk__in=wanted).select_related("build").only(*SHOWN).order_by("created_at")


@asked_often
def states(shown: list[UUID]) -> QuerySet[ServiceState]:
    rows = ServiceState.objects.filter(service__in=shown, environment__slug=PRODUCTION)
    return rows.only("service_id", "reported_at", "instances").order_by("reported_at")


@asked_often
def domains(shown: list[UUID]) -> QuerySet[Domain]:
    rows = Domain.objects.filter(service__in=shown, environment__slug=PRODUCTION)
    return rows.only("service_id", "host").order_by(*BEST_FIRST)


@asked_often
def past(shown: list[UUID]) -> QuerySet[Deployment, tuple[UUID, str, bool, bool]]:
    rows = Deployment.objects.filter(service__in=shown, environment__slug=PRODUCTION)
    rows = rows.annotate(place=PLACE).filter(place__lte=TICKS).order_by("service", "created_at")
    told = rows.annotate(has_served=Q(live_at__isnull=False), is_cancelled=Q(cancel_requested_at__isnull=False))
    return told.values_list("service_id", "status", "has_served", "is_cancelled")
