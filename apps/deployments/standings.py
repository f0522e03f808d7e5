"""How each of many services stands in production, judged by the database: thousands are sorted without reading one.

The same judgement as `apps.deployments.presentation.health_of`, which explains one service to people.
"""

from __future__ import annotations

from uuid import UUID

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import FilteredRelation, Q, QuerySet
from django.db.models.expressions import RawSQL
from django.utils import timezone

from apps.deployments.models import Deployment
from apps.deployments.presentation import STALE_AFTER
from apps.deployments.states import UNFINISHED, Status
from apps.projects.models import Service

PRODUCTION = "production"
# What runs of a live deployment as its host said last, unless that is too long ago; else what the newest one came to.
# Written out, since to put it together anew would take longer than to run it.
KIND = """
COALESCE(
    (SELECT COALESCE(
        (SELECT CASE
            WHEN NOT up AND NOT down AND reported_at < live.live_at THEN 'live'
            WHEN NOT up THEN 'fail'
            WHEN down THEN 'warn'
            ELSE 'live' END
        FROM (SELECT reported_at,
                jsonb_path_exists(instances, %s, jsonb_build_object('live', live.release_id)) AS up,
                jsonb_path_exists(instances, %s, jsonb_build_object('live', live.release_id)) AS down
            FROM hosts_servicestate AS state
            WHERE state.service_id = live.service_id AND state.environment_id = live.environment_id AND reported_at >= %s
            ORDER BY reported_at DESC LIMIT 1) AS told), 'warn')
    FROM deployments_deployment AS live
    WHERE live.service_id = projects_service.id AND live.environment_id = place.id AND live.status = %s),
    (SELECT CASE WHEN status = ANY(%s) THEN 'work' WHEN status = %s THEN 'fail' ELSE 'rest' END
    FROM deployments_deployment AS newest
    WHERE newest.service_id = projects_service.id AND newest.environment_id = place.id
    ORDER BY created_at DESC LIMIT 1),
    'rest')
"""
UP = '$[*] ? (@.release == $live && @.state == "running" && !(@.healthy == false))'
DOWN = '$[*] ? (@.release == $live && (@.state != "running" || @.healthy == false))'


def kinds_of(services: QuerySet[Service], *order: str) -> list[tuple[UUID, str]]:
    """Services with `fail`, `warn`, `work`, `live` or `rest`, as their pills have it, in `order`. One query."""
    since, unfinished = timezone.now() - STALE_AFTER, [str(status) for status in UNFINISHED]
    told = [UP, DOWN, since, Status.LIVE.value, unfinished, Status.FAILED.value]
    there = FilteredRelation("project__environments", condition=Q(project__environments__slug=PRODUCTION))
    kind = RawSQL(KIND, told)  # noqa: S611 - no words of anybody's
    rows = services.annotate(place=there, kind=kind).values_list("pk", "kind")
    rows = rows.order_by(*order, "place__slug")  # Named: it is joined.
    try:
        asked = rows.query.sql_with_params()
    except EmptyResultSet:  # Of somebody without a team.
        return []
    with connection.cursor() as cursor:  # As they come: thousands are not made into rows of Django's first.
        cursor.execute(*asked)
        found: list[tuple[UUID, str]] = cursor.fetchall()
    return found


def is_at_work(services: QuerySet[Service]) -> bool:
    """Whether a deployment of any of them waits or is under way, beside what serves."""
    rows = Deployment.objects.filter(service__in=services.order_by(), environment__slug=PRODUCTION)
    return rows.filter(status__in=UNFINISHED).exists()
