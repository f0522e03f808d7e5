"""Find of what GitHub must be told: by name when something changed, and by looking at everything that may have.

Marks rows, and makes those that are missing. Nothing is lost when a wake-up is: `look` finds the same.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import F, Q, QuerySet
from django.utils import timezone

from apps.deployments.models import Deployment
from apps.deployments.states import Status
from apps.feedback.models import CHANGING, Mode, Told, ToldPull
from apps.feedback.names import named
from apps.feedback.naming import context_of, environment_of
from apps.github.models import Connection, Repository
from apps.github.pulls import Pull, pull_requests

BACK = timedelta(days=2)  # What is older and was never told is no news.
KEPT = timedelta(days=30)
OVERLAP = timedelta(minutes=1)  # Between two looks: a transaction may commit later than its clock says.
AT_ONCE = 200

_looked_until: datetime | None = None


def notice(deployment_id: UUID) -> None:
    """One deployment changed."""
    rows = _worth_telling().filter(pk=deployment_id)
    _make_missing(rows.filter(told=None))
    Told.objects.filter(deployment=deployment_id).mark()
    environments = Deployment.objects.filter(pk=deployment_id).values_list("environment", flat=True)
    for pull in pull_requests().pulls_of(environments).values():
        notice_pull(pull)


def notice_pull(pull: Pull) -> None:
    """Something of a pull request changed. A repository that is gone has none."""
    repository, number = pull
    if Repository.objects.filter(pk=repository).exists():
        row, made = ToldPull.objects.get_or_create(repository_id=repository, number=number)
        if not made:
            ToldPull.objects.filter(pk=row.pk).mark()


def look() -> None:
    """Everything that may be news. A few queries, whatever there is."""
    global _looked_until
    now = timezone.now()
    fresh = Q(created_at__gt=now - BACK) & ~Q(status__in=(Status.CANCELLED, Status.SUPERSEDED))
    _make_missing(_worth_telling().filter(fresh, told=None))
    for model in (Told, ToldPull):
        model.objects.filter(is_cut_off=True).with_way().mark()
    changing = Told.objects.filter(is_due=False, is_cut_off=False, seen_status__in=CHANGING)
    changing.filter(Q(deployment=None) | ~Q(seen_status=F("deployment__status"))).mark()
    ToldPull.objects.filter(is_due=False, is_settled=False, over_reason="").mark()
    for pull in pull_requests().changed_since((_looked_until or now - BACK) - OVERLAP):
        notice_pull(pull)
    _looked_until = now


def forget() -> None:
    """What is told of deployments that are long gone: nobody looks for it any more."""
    gone = Told.objects.filter(deployment=None, is_due=False, created_at__lt=timezone.now() - KEPT)
    gone.exclude(told_at__gte=timezone.now() - KEPT).delete()


def _worth_telling() -> QuerySet[Deployment]:
    """Of connected services, at a known commit, since they are connected, where it is wanted."""
    connected = Q(created_at__gte=F("service__connection__created_at"), service__connection__may_tell=True)
    rows = Deployment.objects.filter(connected).exclude(commit="")
    return rows.exclude(service__feedback__mode=Mode.OFF)


def _make_missing(rows: QuerySet[Deployment]) -> None:
    found = list(rows.select_related("service__connection", "environment").order_by("created_at")[:AT_ONCE])
    if not found:
        return
    pulls = pull_requests().pulls_of([row.environment_id for row in found])
    connections = named({row.service.connection.repository_id for row in found})
    made = [
        _new(row, pulls.get(row.environment_id), connections[row.service_id])
        for row in found
        if row.service_id in connections
    ]
    Told.objects.bulk_create(made, ignore_conflicts=True)  # Another may have made it meanwhile.


def _new(row: Deployment, pull: Pull | None, connection: Connection) -> Told:
    label, slug = connection.label, row.environment.slug
    is_preview = pull is not None or row.environment.is_preview
    return Told(
        repository_id=connection.repository_id,
        deployment=row,
        deployment_key=row.pk,
        service_name=label[:100],
        number=row.number,
        commit=row.commit,
        context=context_of(slug, is_preview=is_preview, label=label),
        environment=environment_of(slug, is_preview=is_preview, label=label, is_plain=connection.is_plain),
        is_preview=is_preview,
        pull_number=pull[1] if pull else None,
    )
