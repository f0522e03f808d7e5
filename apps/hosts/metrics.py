"""Takes what agents measured, and forgets it in time: a day by the minute, thirty days by the quarter of an hour.

A sample is added to its minute and to its quarter in one statement, so nothing has to be rolled up later.
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection
from django.utils import timezone

from apps.hosts.metrics_models import MINUTE, QUARTER, SPANS, Measurement
from apps.hosts.models import Host, ServiceState
from workers import desired

KEPT = {MINUTE: timedelta(hours=24), QUARTER: timedelta(days=30)}
AHEAD = timedelta(minutes=5)  # A host's clock may be ahead by this; a later moment would shut out what really comes.

_NUMBERS = ["usage_seconds", "cpu_seconds", "received_bytes", "sent_bytes", "edge_seconds", "requests", "errors"]
_NEWEST = ("cpu_limit", "memory_limit", "taken_at")
_PEAKS = ("cpu_peak", "memory_peak")
_COLUMNS = ("state_id", "minutes", "at", *_NEWEST, *_PEAKS, *_NUMBERS, "latency")
_ADD = f"""
INSERT INTO hosts_measurement AS old ({", ".join(_COLUMNS)})
SELECT {", ".join(_COLUMNS)} FROM jsonb_to_recordset(%s) AS told(
    state_id uuid, minutes smallint, at timestamptz, taken_at timestamptz, cpu_limit float, memory_limit bigint,
    cpu_peak float, memory_peak bigint, usage_seconds float, cpu_seconds float, received_bytes bigint,
    sent_bytes bigint, edge_seconds float, requests bigint, errors bigint, latency bigint[])
ORDER BY state_id, minutes
ON CONFLICT (state_id, minutes, at) DO UPDATE SET
    {", ".join(f"{name} = excluded.{name}" for name in _NEWEST)},
    {", ".join(f"{name} = greatest(old.{name}, excluded.{name})" for name in _PEAKS)},
    {", ".join(f"{name} = old.{name} + excluded.{name}" for name in _NUMBERS)},
    latency = (SELECT array_agg(a + b ORDER BY nr)
               FROM unnest(old.latency, excluded.latency) WITH ORDINALITY AS both_of(a, b, nr))
WHERE old.taken_at < excluded.taken_at
"""


def take_metrics(host: Host, report: desired.MetricsReport) -> None:
    """Samples of services that the host has reported to run; others are none of its business."""
    now = timezone.now()
    ticks = [tick for tick in report.ticks if now - KEPT[MINUTE] < tick.at < now + AHEAD]
    wanted = {UUID(sample.service) for tick in ticks for sample in tick.samples}
    rows = ServiceState.objects.filter(host=host, service__in=wanted).order_by("reported_at")
    states: dict[tuple[str, str], str] = {}
    for pk, service, environment in rows.values_list("pk", "service_id", "environment_id"):
        states[str(service), str(environment)] = states[str(service), desired.NO_ENVIRONMENT] = str(pk)
    for tick in ticks:
        samples = {states[key]: s for s in tick.samples if (key := (s.service, s.environment)) in states}
        told = [_row(state, tick.at, span, sample) for state, sample in samples.items() for span in SPANS]
        if told:
            with connection.cursor() as cursor:
                cursor.execute(_ADD, [json.dumps(told)])


def _row(state: str, at: datetime, span: int, sample: desired.Sample) -> dict[str, Any]:
    usage, traffic = sample.usage, sample.traffic
    return {
        "state_id": state,
        "minutes": span,
        "at": beginning(at, span).isoformat(),
        "taken_at": at.isoformat(),
        "cpu_limit": sample.cpu_limit,
        "memory_limit": sample.memory_limit_bytes,
        "usage_seconds": usage.seconds if usage else 0,
        "cpu_seconds": usage.cpu_cores * usage.seconds if usage else 0,
        "cpu_peak": usage.cpu_cores if usage else 0,
        "memory_peak": usage.memory_bytes if usage else 0,
        "received_bytes": usage.received_bytes if usage else 0,
        "sent_bytes": usage.sent_bytes if usage else 0,
        "edge_seconds": traffic.seconds if traffic else 0,
        "requests": traffic.requests if traffic else 0,
        "errors": traffic.errors if traffic else 0,
        "latency": traffic.latency if traffic else [0] * (len(desired.LATENCY_BOUNDS) + 1),
    }


def beginning(at: datetime, minutes: int) -> datetime:
    """Of the span that holds `at`; spans are counted from the epoch."""
    seconds = int(at.timestamp()) // (minutes * 60) * (minutes * 60)
    return datetime.fromtimestamp(seconds, tz=at.tzinfo)


def forget_old() -> int:
    """How many rows went."""
    return sum(_forget(span, timezone.now() - kept) for span, kept in KEPT.items())


def _forget(span: int, before: datetime) -> int:
    """From the oldest on: without that bound the planner expects far more rows, and reads the whole table."""
    rows = Measurement.objects.filter(minutes=span)
    oldest = rows.order_by("at").values_list("at", flat=True).first()
    return rows.filter(at__gte=oldest, at__lt=before).delete()[0] if oldest and oldest < before else 0
