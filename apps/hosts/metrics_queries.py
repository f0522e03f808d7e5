"""What charts read: the measurements of a service over a range, in one query; of many services at once, in one too.

Not in charge of how it looks. None means that nothing was measured, which is not zero.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection
from django.utils import timezone

from apps.hosts.metrics import beginning
from apps.hosts.metrics_history import RANGES_COUNT, History, Point, Range
from apps.hosts.metrics_models import QUARTER
from apps.projects.models import Environment, Service

_LATENCY = ", ".join(f"sum(latency[{number}])" for number in range(1, RANGES_COUNT + 1))
_READ = f"""
SELECT date_bin(make_interval(mins => %s), at, 'epoch'::timestamptz) AS bin,
       sum(usage_seconds), sum(cpu_seconds), max(cpu_peak),
       (array_agg(cpu_limit ORDER BY at DESC))[1], max(memory_peak), (array_agg(memory_limit ORDER BY at DESC))[1],
       sum(received_bytes), sum(sent_bytes), sum(edge_seconds), sum(requests), sum(errors), {_LATENCY}
FROM hosts_measurement
WHERE minutes = %s AND at >= %s AND state_id IN (
    SELECT id FROM hosts_servicestate WHERE service_id = %s AND environment_id = %s)
GROUP BY state_id, bin
"""


def history_of(service: Service, environment: Environment, wanted: Range, now: datetime | None = None) -> History:
    """One query, and never more points than a chart has steps."""
    step = timedelta(minutes=wanted.step)
    until = beginning(now or timezone.now(), wanted.step) + step
    since = until - timedelta(minutes=wanted.minutes)
    points = {since + step * number: Point(since + step * number) for number in range(wanted.minutes // wanted.step)}
    with connection.cursor() as cursor:
        cursor.execute(_READ, [wanted.step, wanted.span, since, service.pk, environment.pk])
        for at, *row in cursor:
            if at in points:
                _add(points[at], row)
    return History(wanted, since, until, list(points.values()))


def _add(point: Point, row: Sequence[float]) -> None:
    """What one host measured, to what the others did."""
    usage, cpu, cpu_peak, cpu_limit, memory, memory_limit, received, sent, edge, requests, errors, *latency = row
    if usage:
        point.usage_seconds += usage
        point.cpu_cores += cpu / usage
        point.cpu_peak += cpu_peak
        point.cpu_limit += cpu_limit
        point.memory += int(memory)
        point.memory_limit += int(memory_limit)
        point.received_rate += float(received) / usage
        point.sent_rate += float(sent) / usage
    point.edge_seconds = max(point.edge_seconds, edge)
    point.requests += int(requests)
    point.errors += int(errors)
    point.latency = [a + int(b) for a, b in zip(point.latency, latency, strict=True)]


SPARK_HOURS = 6
_SPARKS = """
SELECT state.service_id, measured.at, sum(measured.requests), max(measured.edge_seconds), sum(measured.cpu_seconds),
       sum(measured.usage_seconds)
FROM hosts_measurement measured JOIN hosts_servicestate state ON state.id = measured.state_id
     JOIN projects_environment place ON place.id = state.environment_id AND place.kind = 'production'
WHERE measured.minutes = 15 AND measured.at >= %s AND state.service_id = ANY(%s)
GROUP BY state.service_id, measured.at
"""


@dataclass(frozen=True)
class Spark:
    """The last six hours of a service by the quarter, for a card: requests a second where there were any, else cores."""

    requests: int
    values: list[float | None]


def sparks_of(services: Iterable[UUID]) -> dict[UUID, Spark]:
    """Service id -> its spark in production; services that were not measured are left out. One query for all."""
    newest = beginning(timezone.now(), QUARTER)
    moments = [newest - timedelta(minutes=QUARTER * back) for back in reversed(range(SPARK_HOURS * 60 // QUARTER))]
    totals: dict[UUID, int] = defaultdict(int)
    rates: dict[UUID, dict[datetime, float | None]] = defaultdict(dict)
    cores: dict[UUID, dict[datetime, float | None]] = defaultdict(dict)
    with connection.cursor() as cursor:
        cursor.execute(_SPARKS, [moments[0], list(services)])
        for service, at, requests, edge, cpu, usage in cursor:
            totals[service] += int(requests)
            rates[service][at] = float(requests) / edge if edge else None
            cores[service][at] = cpu / usage if usage else None
    shown = {service: rates[service] if total else cores[service] for service, total in totals.items()}
    return {service: Spark(totals[service], [found.get(at) for at in moments]) for service, found in shown.items()}
