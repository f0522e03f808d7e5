"""How each of many services stands in production, judged by the database: thousands are sorted without reading one.

The same judgement as `apps.deployments.presentation.health_of`, which explains one service to people.
"""

from __future__ import annotations

from uuid import UUID

from django.db.models import BooleanField, Case, CharField, F, Func, OuterRef, QuerySet, Subquery, Value, When
from django.db.models.functions import Cast, Coalesce, JSONObject
from django.utils import timezone

from apps.deployments.models import Deployment
from apps.deployments.presentation import STALE_AFTER, pill_of
from apps.deployments.states import Status
from apps.hosts.models import ServiceState
from apps.projects.models import Service

PRODUCTION = "production"
UP = '$[*] ? (@.release == $live && @.state == "running" && !(@.healthy == false))'
DOWN = '$[*] ? (@.release == $live && (@.state != "running" || @.healthy == false))'
LITTLE = ("service_id", "status", "live_at", "cancel_requested_at")


class JSONPath(CharField):  # type: ignore[type-arg]
    def cast_db_type(self, connection: object) -> str:
        return "jsonpath"


class Found(Func):
    """Whether a JSON document holds anything at a path; a third argument names the path's variables."""

    function = "jsonb_path_exists"
    output_field = BooleanField()


def kinds_of(services: QuerySet[Service]) -> dict[UUID, str]:
    """Service -> `fail`, `warn`, `work`, `live` or `rest`, as its pill has it. In the order of the services."""
    mine = {"service__in": services.order_by().values("pk"), "environment__slug": PRODUCTION}
    live = Deployment.objects.filter(**mine, status=Status.LIVE)
    told = dict(live.annotate(kind=Coalesce(_reported(), Value("warn"))).values_list("service_id", "kind"))
    order = list(services.values_list("pk", flat=True))
    others = Deployment.objects.filter(service__in=[pk for pk in order if pk not in told], environment__slug=PRODUCTION)
    newest = others.order_by("service", "-created_at").distinct("service").only(*LITTLE)
    told |= {row.service_id: pill_of(row).kind for row in newest}
    return {pk: told.get(pk, "rest") for pk in order}


def _reported() -> Subquery:
    """Of a live deployment: what its host said last, unless that is too long ago."""
    here = {"service": OuterRef("service"), "environment": OuterRef("environment")}
    fresh = ServiceState.objects.filter(**here, reported_at__gte=timezone.now() - STALE_AFTER)
    live = JSONObject(live=Cast(OuterRef("release_id"), CharField()))
    rows = fresh.annotate(
        up=Found(F("instances"), Cast(Value(UP), JSONPath()), live),
        down=Found(F("instances"), Cast(Value(DOWN), JSONPath()), live),
    )
    kind = Case(When(up=False, then=Value("fail")), When(down=True, then=Value("warn")), default=Value("live"))
    return Subquery(rows.annotate(kind=kind).order_by("-reported_at").values("kind")[:1])
