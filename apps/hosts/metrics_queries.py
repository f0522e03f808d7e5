"""What charts read: the measurements of a service over a range, in one query; of many services at once, in one too.

Not in charge of how it looks. None means that nothing was measured, which is not zero.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import accumulate
from uuid import UUID

from django.db import connection
from django.utils import timezone

from apps.hosts.metrics import beginning
from apps.hosts.metrics_models import MINUTE, QUARTER
from apps.projects.models import Environment, Service
from workers.desired import LATENCY_BOUNDS

RANGES_COUNT = len(LATENCY_BOUNDS) + 1


@dataclass(frozen=True)
class Range:
    """`span` is the resolution that is read, `step` how many minutes one point of a chart holds."""

    name: str
    label: str
    minutes: int
    step: int
    span: int


RANGES = {
    found.name: found
    for found in (
        Range("1h", "1 hour", 60, 1, MINUTE),
        Range("6h", "6 hours", 360, 5, MINUTE),
        Range("24h", "24 hours", 1440, 15, QUARTER),
        Range("7d", "7 days", 10080, 120, QUARTER),
        Range("30d", "30 days", 43200, 360, QUARTER),
    )
}


@dataclass
class Point:
    """What was measured in one step, over all hosts."""

    at: datetime
    usage_seconds: float = 0.0
    cpu_cores: float = 0.0
    cpu_peak: float = 0.0
    cpu_limit: float = 0.0
    memory: int = 0
    memory_limit: int = 0
    received_rate: float = 0.0
    sent_rate: float = 0.0
    edge_seconds: float = 0.0
    requests: int = 0
    errors: int = 0
    latency: list[int] = field(default_factory=lambda: [0] * RANGES_COUNT)

    @property
    def request_rate(self) -> float | None:
        return self.requests / self.edge_seconds if self.edge_seconds else None

    @property
    def error_share(self) -> float | None:
        return self.errors / self.requests if self.requests else None

    @property
    def p95(self) -> float | None:
        return quantile(self.latency, 0.95)

    def used(self, value: float) -> float | None:
        return value if self.usage_seconds else None


@dataclass(frozen=True)
class History:
    """The points of a range, oldest first, one for each step; `until` is the end of the last."""

    range: Range
    since: datetime
    until: datetime
    points: list[Point]

    @property
    def is_empty(self) -> bool:
        return not any(p.usage_seconds or p.edge_seconds for p in self.points)

    @property
    def has_traffic(self) -> bool:
        """Whether the edge told anything: it does not for services without an address, nor for a foreign edge."""
        return any(p.edge_seconds for p in self.points)

    @property
    def requests(self) -> int:
        return sum(p.requests for p in self.points)

    @property
    def errors(self) -> int:
        return sum(p.errors for p in self.points)

    @property
    def p95(self) -> float | None:
        return quantile([sum(counts) for counts in zip(*(p.latency for p in self.points), strict=True)], 0.95)

    @property
    def newest(self) -> Point | None:
        """The last in which containers were measured."""
        return next((p for p in reversed(self.points) if p.usage_seconds), None)

    def values(self, of: Callable[[Point], float | None]) -> list[float | None]:
        return [of(point) for point in self.points]


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


def quantile(counts: Sequence[int], share: float) -> float | None:
    """Seconds below which `share` of the answers stayed, even within a range; beyond the last bound: that bound."""
    sums = list(accumulate(counts))
    if not sums or not sums[-1]:
        return None
    rank = share * sums[-1]
    number = bisect_left(sums, rank)
    if number >= len(LATENCY_BOUNDS):
        return LATENCY_BOUNDS[-1]
    below = LATENCY_BOUNDS[number - 1] if number else 0.0
    before = sums[number] - counts[number]
    return below + (LATENCY_BOUNDS[number] - below) * (rank - before) / counts[number]


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
