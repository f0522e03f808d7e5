"""How a deployment and a pull request stand, read from where that is decided. Not in charge of what is made of it."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from django.conf import settings
from django.db.models import Q
from django.urls import reverse

from apps.deployments.models import Deployment
from apps.deployments.queries import address_of
from apps.deployments.states import Status
from apps.feedback.comment import Row
from apps.feedback.models import Mode, Told
from apps.feedback.pictures import Facts
from apps.github.pulls import Pull, Shown, pull_requests
from apps.projects.domain_checks import BEST_FIRST
from apps.projects.models import Domain, Service


def facts_of(told: Told) -> Facts:
    """Of the deployment as it is in the database now, whatever the row holds of it."""
    row = Deployment.objects.filter(pk=told.deployment_id).first() if told.deployment_id else None
    if row is None:
        return Facts(status=None, is_commit_live=_is_commit_live(told))
    seconds = (row.live_at - row.started_at).total_seconds() if row.live_at and row.started_at else None
    return Facts(
        status=Status(row.status),
        was_live=row.live_at is not None,
        error=row.error_message,
        is_ours=":platform:" in row.error_code,
        is_commit_live=_is_commit_live(told),
        seconds=seconds,
        url=urls_of([row.environment_id], [row.service_id]).get((row.environment_id, row.service_id), ""),
        page=page_of(row.pk),
    )


def _is_commit_live(told: Told) -> bool:
    return Told.objects.of_the_same_commit(told).filter(deployment__status=Status.LIVE).exists()


def page_of(deployment_id: UUID) -> str:
    """The deployment's page, as a whole address."""
    return f"{settings.SLIPWAY.url}{reverse('deployment', args=[deployment_id])}"


def urls_of(environments: Iterable[UUID], services: Iterable[UUID]) -> dict[tuple[UUID, UUID], str]:
    """Environment and service -> where people reach it."""
    rows = Domain.objects.filter(environment__in=environments, service__in=services)
    found: dict[tuple[UUID, UUID], str] = {}
    for row in rows.order_by(*BEST_FIRST):
        found.setdefault((row.environment_id, row.service_id), address_of(row))
    return found


def mode_of(told: Told) -> Mode:
    """As its service wants it now. Of a deployment that is gone there is nothing new to tell."""
    service = Deployment.objects.filter(told=told).values_list("service", flat=True).first()
    return mode_of_service(service) if service else Mode.OFF


def mode_of_service(service_id: UUID) -> Mode:
    """Nothing, whatever was chosen, while nobody who may push has a hand in it."""
    rows = Service.objects.filter(pk=service_id).values_list("connection__may_tell", "feedback__mode")
    may_tell, mode = rows.get()
    return Mode.OFF if may_tell is False else Mode(mode or Mode.ALL)


def rows_of(pull: Pull) -> list[Row]:
    """What the comment on a pull request shows; services that keep it to themselves are left out. Four queries."""
    shown = pull_requests().shown(pull)
    quiet = Q(connection__may_tell=False) | Q(feedback__mode__in=(Mode.STATUSES, Mode.OFF))
    silent = set(Service.objects.filter(quiet, pk__in=[s.service_id for s in shown]).values_list("pk", flat=True))
    shown = [s for s in shown if s.service_id not in silent]
    environments = [s.environment_id for s in shown if s.environment_id]
    newest = Deployment.objects.filter(environment__in=environments).order_by("environment", "service", "-number")
    deployed = {(d.environment_id, d.service_id): d for d in newest.distinct("environment", "service")}
    urls = urls_of(environments, [s.service_id for s in shown])
    return [_row(s, deployed, urls) for s in shown]


Key = tuple[UUID, UUID]


def _row(shown: Shown, deployed: dict[Key, Deployment], urls: dict[Key, str]) -> Row:
    key = (shown.environment_id, shown.service_id) if shown.environment_id else None
    row = deployed.get(key) if key else None
    if shown.state or row is None or key is None:
        return Row(shown.name, shown.state or Status.PENDING, shown.at, reason=shown.reason)
    at = row.finished_at or row.live_at or row.started_at or row.created_at
    reason = row.error_message if row.status == Status.FAILED else shown.reason
    return Row(shown.name, row.status, at, urls.get(key, ""), page_of(row.pk), reason, row.commit)
