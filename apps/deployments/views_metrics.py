"""What a service used and answered, as charts."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from apps.accounts.session import abilities, actor_of
from apps.deployments.metrics_cards import marks_of
from apps.deployments.metrics_charts import charts_of
from apps.deployments.queries import live_of
from apps.hosts.metrics_history import RANGES
from apps.hosts.metrics_queries import history_of
from apps.projects.access import service_for
from apps.projects.environments import environment_asked


@never_cache
@require_GET
def service_metrics(request: HttpRequest, service_id: UUID) -> HttpResponse:
    """The page; for htmx only what changes by itself. `range` is one of `RANGES`."""
    actor = actor_of(request)
    row = service_for(actor, service_id)
    wanted = RANGES.get(request.GET.get("range", ""), RANGES["1h"])
    where = environment_asked(request.GET, row.project)
    history = history_of(row, where, wanted)
    context = {
        "service": row,
        "environment": where,
        "ranges": RANGES.values(),
        "wanted": wanted,
        "history": history,
        "charts": [] if history.is_empty else charts_of(history),
        "marks": marks_of(row, where, history),
        "live": live_of(row, where) if history.is_empty else None,
        "can": abilities(actor, row.team_id),
    }
    template = "_metrics.html" if request.htmx else "metrics.html"  # type: ignore[attr-defined]
    return render(request, f"deployments/{template}", context)
