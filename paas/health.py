"""Health of our own: `/livez` (the process answers), `/readyz` (it can do its work), `/metrics` (Prometheus text)."""

from __future__ import annotations

from django.db.models import Count
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone

from apps.deployments.models import Deployment
from apps.deployments.states import UNFINISHED
from apps.hosts.models import Host
from apps.lib.vitals import vitals


def livez(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok\n", content_type="text/plain")


def readyz(request: HttpRequest) -> HttpResponse:
    """503 without PostgreSQL. Valkey away is said but not fatal: work goes on, slower."""
    checks = vitals()
    return JsonResponse({"checks": checks}, status=200 if checks["postgresql"] == "ok" else 503)


def metrics(request: HttpRequest) -> HttpResponse:
    """Counts only: no name of a team, service or person."""
    counted = dict(Deployment.objects.values_list("status").annotate(Count("id")).order_by())
    oldest = Deployment.objects.filter(status__in=UNFINISHED).order_by("created_at").first()
    waiting = (timezone.now() - oldest.created_at).total_seconds() if oldest else 0
    lines = [
        "# HELP slipway_deployments Deployments by status.",
        "# TYPE slipway_deployments gauge",
        *(f'slipway_deployments{{status="{status}"}} {count}' for status, count in sorted(counted.items())),
        "# HELP slipway_oldest_unfinished_seconds Age of the oldest unfinished deployment.",
        "# TYPE slipway_oldest_unfinished_seconds gauge",
        f"slipway_oldest_unfinished_seconds {waiting:.3f}",
        "# HELP slipway_hosts_online Hosts whose agent called lately.",
        "# TYPE slipway_hosts_online gauge",
        f"slipway_hosts_online {sum(host.is_online for host in Host.objects.all())}",
    ]
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain; version=0.0.4")
