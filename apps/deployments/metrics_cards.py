"""Measurements as cards show them: the last hour of a service, and a line of the last hours for many services.

Not in charge of the page of charts (`apps.deployments.views_metrics`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet

from apps.deployments.metrics_charts import Values, cpu_text, memory_text, path_of, place_of, seconds_text
from apps.deployments.models import Deployment
from apps.hosts.metrics_history import RANGES, History
from apps.hosts.metrics_queries import SPARK_HOURS, history_of, sparks_of
from apps.lib.asked_often import asked_often
from apps.projects.models import Environment, Service

MARKS = 40


@dataclass(frozen=True)
class Mark:
    """A release that became live: where it stands on a plot."""

    x: float
    deployment: Deployment


@dataclass(frozen=True)
class Sparkline:
    """A line without axes; `label` is what it says to those who do not see it."""

    path: str
    label: str
    area: str = ""


@dataclass(frozen=True)
class LastHour:
    """Texts; "" where nothing was measured."""

    requests: str
    p95: str
    errors: str
    cpu: str
    memory: str
    line: Sparkline
    marks: list[Mark]


def marks_of(service: Service, environment: Environment, history: History) -> list[Mark]:
    """Releases of the range, oldest first, the newest `MARKS` of them."""
    found = _live_since(service.pk, environment.pk, history.since)
    return [Mark(place_of(row.live_at, history), row) for row in reversed(found) if row.live_at]


@asked_often
def _live_since(service: UUID, environment: UUID, since: datetime) -> QuerySet[Deployment]:
    rows = Deployment.objects.filter(service=service, live_at__gte=since, environment=environment)
    rows = rows.select_related("build").only("number", "commit", "live_at", "build__message")
    return rows.order_by("-live_at")[:MARKS]


def last_hour(service: Service, environment: Environment) -> LastHour | None:
    """Two queries; one when nothing was measured, which is None."""
    history = history_of(service, environment, RANGES["1h"])
    if history.is_empty:
        return None
    newest = history.newest
    return LastHour(
        requests=f"{history.requests:,}" if history.has_traffic else "",
        p95=seconds_text(history.p95) if history.p95 is not None else "",
        errors=f"{history.errors:,}" if history.has_traffic else "",
        cpu=cpu_text(newest) if newest else "",
        memory=memory_text(newest) if newest else "",
        line=_line_of(history),
        marks=marks_of(service, environment, history),
    )


def _line_of(history: History) -> Sparkline:
    if history.requests:
        return sparkline(history.values(lambda p: p.request_rate), f"{history.requests:,} requests in the last hour")
    return sparkline(history.values(lambda p: p.used(p.cpu_cores)), "CPU in the last hour")


def sparkline(values: Values, label: str) -> Sparkline:
    """The highest point is a little below the upper edge, so that the line is not cut."""
    top = max((value for value in values if value is not None), default=0.0) * 1.1 or 1.0
    return Sparkline(path_of(values, top), label, path_of(values, top, is_area=True))


def sparklines(services: Iterable[UUID]) -> dict[UUID, Sparkline]:
    """For cards: service id -> its line, in one query. Those that were never measured are left out."""
    found = sparks_of(services)
    return {
        service: sparkline(
            spark.values,
            f"{spark.requests:,} requests in {SPARK_HOURS} hours" if spark.requests else f"CPU of {SPARK_HOURS} hours",
        )
        for service, spark in found.items()
    }
