"""What a service used and answered, as numbers: what the page of charts shows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Query, Router

from apps.accounts.bearer import actor_of
from apps.deployments.schemas_metrics import MetricsOut, MetricsQuery
from apps.hosts.metrics_history import RANGES, Point
from apps.hosts.metrics_queries import history_of
from apps.projects.access import service_for
from apps.projects.environments import environment_or_production

router = Router(tags=["metrics"])

SERIES: list[tuple[str, str, Callable[[Point], float | None]]] = [
    ("requests", "requests per second", lambda p: p.request_rate),
    ("response_time_p95", "seconds", lambda p: p.p95),
    ("errors", "share of requests", lambda p: p.error_share),
    ("cpu", "cores", lambda p: p.used(p.cpu_cores)),
    ("cpu_highest", "cores", lambda p: p.used(p.cpu_peak)),
    ("cpu_limit", "cores", lambda p: p.used(p.cpu_limit)),
    ("memory", "bytes", lambda p: p.used(p.memory)),
    ("memory_limit", "bytes", lambda p: p.used(p.memory_limit)),
    ("network_in", "bytes per second", lambda p: p.used(p.received_rate)),
    ("network_out", "bytes per second", lambda p: p.used(p.sent_rate)),
]


@router.get(
    "/services/{uuid:service_id}/metrics",
    response=MetricsOut,
    operation_id="get_service_metrics",
    summary="Read a service's metrics",
)
def get_service_metrics(request: HttpRequest, service_id: UUID, query: Query[MetricsQuery]) -> Any:
    """CPU, memory and network of its containers; requests, response time and 5xx from the edge."""
    service = service_for(actor_of(request), service_id)
    where = environment_or_production(service, query.environment)
    history = history_of(service, where, RANGES[query.range])
    return {
        "range": query.range,
        "step_seconds": history.range.step * 60,
        "times": [point.at for point in history.points],
        "series": [{"name": name, "unit": unit, "values": history.values(of)} for name, unit, of in SERIES],
    }
